"""Collect while the batch before is in flight: no timers, and an idle service answers at once."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Generic, TypeVar

from game.db.pool import OUTAGES
from game.errors import Unavailable

Item = TypeVar("Item")
Result = TypeVar("Result")
_Batch = list[tuple[Item, asyncio.Future[Result]]]

_AT_ONCE: AbstractAsyncContextManager[None] = nullcontext()


class Batcher(Generic[Item, Result]):
    """Runs `run(items)` over what is waiting, one batch at a time, at most `batch_limit` items each.

    `run` answers one result or exception per item, in order. When it raises, nothing was done: the batch is
    halved until the item at fault stands alone, so one bad item never harms its neighbours. A database out of
    reach is no item's fault: all are told at once. At most `waiting_limit` items wait; one more is refused
    (`Unavailable`, code `busy`). Batchers that share `turns` work by turns: who waits for one collects on.
    """

    def __init__(
        self,
        run: Callable[[Sequence[Item]], Awaitable[Sequence[Result | BaseException]]],
        *,
        batch_limit: int,
        waiting_limit: int,
        turns: AbstractAsyncContextManager[None] = _AT_ONCE,
    ) -> None:
        self._run = run
        self._batch_limit = batch_limit
        self._waiting_limit = waiting_limit
        self._turns = turns
        self._waiting: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._worker: asyncio.Task[None] | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing is in flight."""
        return self._worker is None

    async def submit(self, item: Item) -> Result:
        """Wait for the item's own result. A caller that goes away does not stop the batch."""
        if len(self._waiting) >= self._waiting_limit:
            waits = len(self._waiting)
            raise Unavailable("busy", "Too many requests are waiting; nothing was stored.", waiting=waits)
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())
        return await answer

    async def _work(self) -> None:
        try:
            while self._waiting:
                async with self._turns:
                    size = min(len(self._waiting), self._batch_limit)
                    await self._serve([self._waiting.popleft() for _ in range(size)])
        finally:
            self._worker = None

    async def _serve(self, batch: _Batch[Item, Result]) -> None:
        try:
            results = await self._run([item for item, _ in batch])
        except OUTAGES as error:
            _answer_all(batch, error)
            return
        except Exception as error:
            await self._split(batch, error)
            return
        for (_, answer), result in zip(batch, results, strict=True):
            _tell(answer, result)

    async def _split(self, batch: _Batch[Item, Result], error: Exception) -> None:
        if len(batch) == 1:
            _answer_all(batch, error)
            return
        middle = len(batch) // 2
        await self._serve(batch[:middle])
        await self._serve(batch[middle:])


def _answer_all(batch: _Batch[Item, Result], error: Exception) -> None:
    for _, answer in batch:
        _tell(answer, error)


def _tell(answer: "asyncio.Future[Result]", result: Result | BaseException) -> None:
    if answer.done():  # its caller has gone
        return
    if isinstance(result, BaseException):
        answer.set_exception(result)
    else:
        answer.set_result(result)
