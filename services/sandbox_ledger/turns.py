"""What requests bring while a batch is being written is the next batch: one look, one write, one commit."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

from sandbox_ledger import service
from sandbox_ledger.service import Resources
from sandbox_ledger.wire import BATCH_MAX, Operation, Result

# How many requests may wait at all, the server limits (CONCURRENCY_MAX).
OPERATIONS_MAX: Final = 4 * BATCH_MAX


class _Request(NamedTuple):
    operations: Sequence[Operation]
    results: asyncio.Future[list[Result]]


class Turns:
    """Decides operations batch after batch, those of each request in order and together."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._waiting: deque[_Request] = deque()
        self._writing: asyncio.Task[None] | None = None

    async def apply(self, operations: Sequence[Operation]) -> list[Result]:
        """As `service.apply`; whoever stops waiting does not stop it."""
        request = _Request(operations, asyncio.get_running_loop().create_future())
        self._waiting.append(request)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        return await request.results

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                await self._write(self._next())
        finally:
            self._writing = None

    def _next(self) -> list[_Request]:
        batch = [self._waiting.popleft()]
        size = len(batch[0].operations)
        while self._waiting and (size := size + len(self._waiting[0].operations)) <= OPERATIONS_MAX:
            batch.append(self._waiting.popleft())
        return batch

    async def _write(self, batch: Sequence[_Request]) -> None:
        try:
            results = iter(
                await service.apply(self._resources, [o for each in batch for o in each.operations])
            )
        except Exception as error:
            for each in batch:
                if not each.results.done():
                    each.results.set_exception(error)
            return
        for each in batch:
            told = [next(results) for _ in each.operations]
            if not each.results.done():
                each.results.set_result(told)
