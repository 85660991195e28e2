"""A ledger that is reachable and silent: calls go in, and nothing comes out."""

import asyncio
import time
from collections import Counter

from aiohttp import web

from game.embedded.ports import LOOPBACK, free_port
from tests.crash.wire import BATCH, Passage, broken, operations_of

FENCE = ":fence"


class Hole(Passage):
    """Passes all on, until it falls silent: then it takes connections and requests, and never answers.

    While it is silent, every other call arrives at the ledger all the same. `sends` counts how often each
    operation went over the wire, fences included, `lost` how often without an answer; `lost_at` are the times
    (monotonic) at which calls came that got none.
    """

    def __init__(self, *, ledger_port: int) -> None:
        port = free_port()
        super().__init__(port=port, ledger_port=ledger_port)
        self.url = f"http://{LOOPBACK}:{port}"
        self.sends: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        self.lost_at: list[float] = []
        self._heals = asyncio.Event()
        self._heals.set()

    @property
    def amplification(self) -> float:
        """How often an operation went over the wire, on average: 1 when none was ever sent again."""
        return self.sends.total() / len(self.sends)

    def fall_silent(self) -> None:
        """Answer nothing from now on."""
        self._heals.clear()

    def heal(self) -> None:
        """Break the connections of whoever still waits, and pass all on again."""
        self._heals.set()

    async def close(self) -> None:
        """Let everything go and stop listening."""
        self.heal()
        await super().close()

    async def pass_on(self, request: web.Request) -> web.StreamResponse:
        """Pass a call on, or let it vanish."""
        body = await request.read()
        ids = operation_ids(request.path, body)
        self.sends.update(ids)
        if self._heals.is_set():
            return await self.forward(request, body)
        self.lost.update(ids)
        self.lost_at.append(time.monotonic())
        if len(self.lost_at) % 2:
            await self.forward(request, body)
        await self._heals.wait()
        return broken(request)


def operation_ids(path: str, body: bytes) -> list[str]:
    """The operations that a call is to decide; none of a question."""
    if path == BATCH:
        return [operation["id"] for operation in operations_of(body)]
    return [path.rpartition("/")[2].removesuffix(FENCE)] if path.endswith(FENCE) else []
