"""A brand's two senders: each tells of every event, and again until it is answered, whatever dies."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final, Protocol

from game.errors import Refusal, Unavailable
from tests.simulation.scenario import Telling
from tests.simulation.timeline import Timeline
from tests.simulation.trace import Trace

PATIENCE_SECONDS: Final = (2.0, 9.0)


class Taker(Protocol):
    """A process that takes events."""

    def take(self, telling: Telling, body: bytes) -> None:
        """Take one in a while, or die before."""
        ...


class Senders:
    """All that is told in a seed; `process` is who hears it, None while none runs."""

    def __init__(
        self,
        timeline: Timeline,
        tellings: Sequence[Telling],
        bodies: Mapping[str, bytes],
        *,
        chance: random.Random,
        trace: Trace,
    ) -> None:
        self.process: Taker | None = None
        self.counts: Counter[str] = Counter()
        self.refused: list[str] = []
        self._bodies = bodies
        self._timeline = timeline
        self._chance = chance
        self._trace = trace
        self._open = set(tellings)
        for telling in tellings:
            timeline.after(telling.at_seconds, partial(self._tell, telling))

    @property
    def are_done(self) -> bool:
        """Whether every copy was answered."""
        return not self._open

    def hear(self, telling: Telling, state: str) -> None:
        """An event was taken."""
        self._trace.note(f"took {telling.name} of {telling.by}: {state}")
        self.counts[state] += telling in self._open
        self._open.discard(telling)

    def refuse(self, telling: Telling, refusal: Refusal) -> None:
        """An event was not taken. Only what passes is asked again."""
        self._trace.note(f"did not take {telling.name} of {telling.by}: {refusal.code}")
        if not isinstance(refusal, Unavailable):
            self._open.discard(telling)
            self.refused.append(f"{telling.name} of {telling.by}: {refusal.code}")

    def _tell(self, telling: Telling) -> None:
        if telling not in self._open:
            return
        if self.process is not None:
            self._trace.note(f"{telling.by} tells {telling.name}")
            self.process.take(telling, self._bodies[telling.name])
        self._timeline.after(self._chance.uniform(*PATIENCE_SECONDS), partial(self._tell, telling))
