"""Virtual time, and what is going to happen in it."""

import heapq
import itertools
from collections.abc import Callable


class NothingToWaitFor(Exception):
    """Somebody waits, and nothing is ever going to happen."""


class Timeline:
    """Seconds since the beginning of the simulation, and events; it outlives event loops."""

    def __init__(self) -> None:
        self.now = 0.0
        self._numbers = itertools.count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []

    def after(self, seconds: float, happens: Callable[[], None]) -> None:
        """Let something happen so many seconds from now; what falls on one instant happens in this order."""
        heapq.heappush(self._events, (self.now + seconds, next(self._numbers), happens))

    def advance(self, until: float | None) -> None:
        """Move to the next event and let it happen, or to `until` when that is earlier (None: no limit)."""
        if self._events and (until is None or self._events[0][0] <= until):
            self.now, _, happens = heapq.heappop(self._events)
            happens()
        elif until is None:
            raise NothingToWaitFor
        else:
            self.now = until

    def run_until(self, until: float) -> None:
        """Let everything happen that falls before a time."""
        while self.now < until:
            self.advance(until)
