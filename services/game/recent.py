"""What was looked up lately, kept in the process."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """The last `limit` values that were used. For what never changes once it is stored."""

    def __init__(self, *, limit: int) -> None:
        self._limit = limit
        self._values: OrderedDict[Key, Value] = OrderedDict()

    def get(self, key: Key) -> Value | None:
        """The value of a key; None: it is not kept."""
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: Key, value: Value) -> Value:
        """Keep a value in the place of the one that was not used for longest."""
        self._values[key] = value
        if len(self._values) > self._limit:
            self._values.popitem(last=False)
        return value

    def drop(self, key: Key) -> None:
        """Forget a value, if it is kept."""
        self._values.pop(key, None)


class Fresh(Generic[Key, Value]):
    """The last `limit` values that were used, each for `keep_ms`. For what may change."""

    def __init__(self, *, limit: int, keep_ms: int) -> None:
        self._keep_ms = keep_ms
        self._recent: Recent[Key, tuple[int, Value]] = Recent(limit=limit)

    async def get(self, key: Key, look_up: Callable[[], Awaitable[Value]], *, now_ms: int) -> Value:
        """The value of a key, looked up unless that was done lately."""
        kept = self._recent.get(key)
        if kept is None or not kept[0] <= now_ms < kept[0] + self._keep_ms:
            kept = self._recent.put(key, (now_ms, await look_up()))
        return kept[1]
