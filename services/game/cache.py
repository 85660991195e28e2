"""Answers kept for a moment in the process: one reading of each at a time, bounded in number and bytes."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress
from typing import Generic, TypeVar

import msgspec
from litestar.status_codes import HTTP_200_OK

Header = tuple[bytes, bytes]
Key = TypeVar("Key", bound=Hashable)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer as it is sent; `tag` is its ETag, None: it has none.

    `headers_known` are those for somebody who has the body already.
    """

    status: int
    headers: tuple[Header, ...]
    headers_known: tuple[Header, ...]
    body: bytes
    tag: str | None


class _Kept(msgspec.Struct, frozen=True):
    began_ms: int
    answer: Answer


class _Reading(msgspec.Struct, frozen=True):
    began_ms: int
    task: "asyncio.Task[Answer]"


class Cache(Generic[Key]):
    """What was answered lately, the last that were used. Refusals are told to whoever waits, and not kept.

    Nobody gets what was read `keep_ms` or longer before they asked, counted from before the reading began.
    """

    def __init__(
        self,
        read: Callable[[Key], Awaitable[Answer]],
        *,
        keep_ms: int,
        entries_limit: int,
        bytes_limit: int,
        clock: Callable[[], int],
    ) -> None:
        self._read_anew = read
        self._keep_ms = keep_ms
        self._entries_limit = entries_limit
        self._bytes_limit = bytes_limit
        self._clock = clock
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self._bytes = 0
        self._readings: dict[Key, _Reading] = {}

    async def get(self, key: Key) -> Answer:
        """The answer of a key, by the reading that others wait for, where there is one.

        A reader who leaves takes nothing from the others. What `read` raises is raised to all who wait.
        """
        asked_ms = self._clock()
        kept = self._kept.get(key)
        if kept is not None and kept.began_ms <= asked_ms < kept.began_ms + self._keep_ms:
            self._kept.move_to_end(key)
            return kept.answer
        while True:
            reading = self._readings.get(key) or self._begin(key)
            answer = await asyncio.shield(reading.task)
            # One that had begun long before may have seen what was old already.
            if asked_ms < reading.began_ms + self._keep_ms:
                return answer

    async def close(self) -> None:
        """End what is being read."""
        tasks = [reading.task for reading in self._readings.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, key: Key) -> _Reading:
        began_ms = self._clock()
        task = asyncio.create_task(self._read(key, began_ms))
        task.add_done_callback(_heard)
        self._readings[key] = reading = _Reading(began_ms, task)
        return reading

    async def _read(self, key: Key, began_ms: int) -> Answer:
        try:
            answer = await self._read_anew(key)
        finally:
            del self._readings[key]
        self._forget(key)
        if answer.status == HTTP_200_OK:
            self._keep(key, _Kept(began_ms, answer))
        return answer

    def _keep(self, key: Key, kept: _Kept) -> None:
        self._kept[key] = kept
        self._bytes += len(kept.answer.body)
        while len(self._kept) > self._entries_limit or self._bytes > self._bytes_limit:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: Key) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self._bytes -= len(gone.answer.body)


def _heard(task: "asyncio.Task[Answer]") -> None:
    # All who waited may have left before it failed.
    with suppress(asyncio.CancelledError):
        task.exception()
