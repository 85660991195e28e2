"""What every process does again and again about events and streaks."""

from typing import Final

from game.tasks.expiring import tell_of_streaks
from game.tasks.processing import process_events
from game.webhooks.service import count, purge
from game.worker import Step

STEPS: Final = (
    Step(name="events.process", run=process_events, interval_ms=500),
    Step(name="streaks.tell", run=tell_of_streaks, interval_ms=30_000),
    Step(name="events.purge", run=purge, interval_ms=60_000),
    Step(name="events.count", run=count, interval_ms=15_000),
)
