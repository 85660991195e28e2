"""A load generator in an open loop: requests leave when they are due, whatever the answers do.

In a closed loop, a server that stalls is asked less often, so that its stall is seen once and not by all who
would have come meanwhile (coordinated omission). Here each request has a time at which it is due, as players
come who know nothing of each other, and its latency counts from then: also while it waits for a connection.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import Sequence

import msgspec
import numpy as np

from tests.bench.generator import LIMIT_SECONDS, Connection, Drive, Load, connected

# The event loop's clock knows whole milliseconds; a finer one would spin, and take a core from the servers.
TICKS_PER_SECOND = 1_000


def steady(count: int, *, per_second: float) -> list[float]:
    """So many times at one distance, in seconds from the start."""
    times: list[float] = (np.arange(count) / per_second).tolist()
    return times


def poisson(count: int, *, per_second: float, seed: int) -> list[float]:
    """So many times of a Poisson process: comers who do not know of each other. The same for a seed."""
    gaps = np.random.default_rng(seed).exponential(1 / per_second, count)
    times: list[float] = gaps.cumsum().tolist()
    return times


class _OpenDrive(Drive):
    """Lets requests go when they are due; those that find no free connection wait, and that counts."""

    def __init__(self, requests: Sequence[bytes], due: Sequence[float]) -> None:
        super().__init__(requests)
        self._due = deque(due)
        self._released: deque[tuple[float, bytes]] = deque()
        # The one that rested longest asks next: servers close those that rest for seconds.
        self._free: deque[Connection] = deque()
        self._lateness: list[float] = []

    def take(self, connection: Connection) -> tuple[float, bytes] | None:
        """The request that was due first, and when; else the connection waits for one."""
        if self._released:
            return self._released.popleft()
        self._free.append(connection)
        return None

    async def release(self, began: float) -> None:
        """Let every request go at its time."""
        while self._due and not self.over.done():
            now = time.perf_counter() - began
            while self._due and self._due[0] <= now:
                self._let_go(began + self._due[0], now - self._due.popleft())
            if self._due:
                await asyncio.sleep(math.ceil((self._due[0] - now) * TICKS_PER_SECOND) / TICKS_PER_SECOND)

    def _let_go(self, due: float, late: float) -> None:
        self._lateness.append(late)
        self._released.append((due, self.waiting.popleft()))
        if self._free:
            self._free.popleft().ask()

    def load(self, seconds: float) -> Load:
        """What came of all, and how late they were let go."""
        return msgspec.structs.replace(super().load(seconds), lateness=sorted(self._lateness))


async def drive_open(port: int, requests: Sequence[bytes], due: Sequence[float], *, connections: int) -> Load:
    """Send each request when it is due, in seconds from the start, or as soon as a connection is free.

    Latencies count from when a request was due. TimeoutError a minute after the last one was.
    """
    assert len(requests) == len(due)
    state = _OpenDrive(requests, due)
    async with connected(port, state, connections=connections) as opened:
        for connection in opened:
            connection.ask()
        began = time.perf_counter()
        async with asyncio.timeout(due[-1] + LIMIT_SECONDS):
            await state.release(began)
            await state.over
        return state.load(time.perf_counter() - began)
