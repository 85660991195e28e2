"""Who waits too long, for many who wait the same time."""

import asyncio
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Who = TypeVar("Who", bound=Hashable)


class Patience(Generic[Who]):
    """Tells `over` of each whose time is over. All have the same time, so one timer serves them all."""

    def __init__(self, seconds: float, over: Callable[[Who], None]) -> None:
        self._seconds = seconds
        self._over = over
        self._began: dict[Who, float] = {}  # the oldest first
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, who: Who, loop: asyncio.AbstractEventLoop) -> None:
        """Give somebody the time, from now on."""
        self._began[who] = loop.time()
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._look, loop)

    def forget(self, who: Who) -> None:
        """Somebody waits no more."""
        self._began.pop(who, None)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        for who, began in list(self._began.items()):
            left_seconds = began + self._seconds - loop.time()
            if left_seconds > 0:
                self._timer = loop.call_later(left_seconds, self._look, loop)
                return
            del self._began[who]
            self._over(who)
