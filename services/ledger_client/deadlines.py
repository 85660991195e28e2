"""The deadlines of all that waits, by one timer."""

import asyncio
import math

from ledger_client.batcher import Item


class Deadlines:
    """Expires items whose deadline has passed. The timer is that of the earliest, or of one that is gone."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._items: dict[Item, None] = {}
        self._due = math.inf
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, item: Item) -> None:
        """Expire an item at its deadline."""
        self._items[item] = None
        if item.deadline < self._due:
            self._set(item.deadline)

    def forget(self, item: Item) -> None:
        """Nobody waits for an item any more."""
        self._items.pop(item, None)

    def _set(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due, self._timer = due, self._loop.call_at(due, self._look)

    def _look(self) -> None:
        now, self._due, self._timer = max(self._due, self._loop.time()), math.inf, None
        for item in [item for item in self._items if item.deadline <= now]:
            del self._items[item]
            item.expire()
        if self._items:
            self._set(min(item.deadline for item in self._items))
