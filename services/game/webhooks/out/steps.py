"""What every process does again and again about messages that were told."""

from typing import Final

from game.webhooks.out.delivering import count, purge
from game.worker import Step

STEPS: Final = (
    Step(name="webhooks.purge", run=purge, interval_ms=60_000),
    Step(name="webhooks.count", run=count, interval_ms=15_000),
)
