"""That an open loop sees what a closed one omits."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest

from game.embedded.ports import LOOPBACK
from tests.bench.generator import drive, request
from tests.bench.open_loop import drive_open, poisson, steady
from tests.bench.rounds import percentiles_ms

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
STALL_SECONDS = 0.4
REQUESTS = 200
PER_SECOND = 400.0
REQUEST = request("GET", "/", headers={})


class _Answering(asyncio.Protocol):
    def __init__(self, server: "Stalling") -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)
        self._server.opened += 1

    def data_received(self, data: bytes) -> None:
        assert data == REQUEST
        self._server.asked(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._server.lost()


class Stalling:
    """Answers at once; with one request all answers wait for a while."""

    def __init__(self, stalls_at: int) -> None:
        self._asked_until_stall = stalls_at
        self._waiting: list[asyncio.WriteTransport] | None = None
        self._gone = asyncio.Event()
        self.opened = 0

    def asked(self, transport: asyncio.WriteTransport) -> None:
        """Answer, now or when the stall ends."""
        self._asked_until_stall -= 1
        if self._asked_until_stall == 0:
            self._waiting = []
            asyncio.get_running_loop().call_later(STALL_SECONDS, self._go_on)
        if self._waiting is None:
            transport.write(ANSWER)
        else:
            self._waiting.append(transport)

    def _go_on(self) -> None:
        waiting, self._waiting = self._waiting or [], None
        for transport in waiting:
            transport.write(ANSWER)

    def lost(self) -> None:
        """A connection was closed."""
        self.opened -= 1
        if self.opened == 0:
            self._gone.set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[int]:
        """The port on which it answers."""
        loop = asyncio.get_running_loop()
        async with await loop.create_server(lambda: _Answering(self), LOOPBACK, 0) as server:
            yield server.sockets[0].getsockname()[1]
            await self._gone.wait()


@pytest.mark.asyncio
@pytest.mark.parametrize("connections", [2, 400])
async def test_a_stall_is_seen_by_all_who_came_meanwhile(connections: int) -> None:
    """Whoever is due during a stall waits for its end, with a connection or without."""
    due = steady(REQUESTS, per_second=PER_SECOND)
    async with Stalling(stalls_at=20).open() as port:
        load = await drive_open(port, [REQUEST] * REQUESTS, due, connections=connections)
    during = STALL_SECONDS * PER_SECOND
    waited = [each for each in load.latencies if each > STALL_SECONDS / 4]
    assert len(waited) >= during * 0.6
    assert percentiles_ms(load.latencies)["p99"] >= STALL_SECONDS * 1000 * 0.9


@pytest.mark.asyncio
async def test_a_closed_loop_omits_them() -> None:
    """One of all requests has met the same stall: a p99 does not know of it."""
    async with Stalling(stalls_at=20).open() as port:
        load = await drive(port, [REQUEST] * REQUESTS, connections=1)
    assert percentiles_ms(load.latencies)["p99"] < STALL_SECONDS * 1000 / 4
    assert percentiles_ms(load.latencies)["max"] >= STALL_SECONDS * 1000


@pytest.mark.asyncio
async def test_requests_leave_at_their_times() -> None:
    """A server that is fast does not make them come faster, and nobody leaves before his time."""
    due = steady(50, per_second=200.0)
    async with Stalling(stalls_at=0).open() as port:
        load = await drive_open(port, [REQUEST] * 50, due, connections=4)
    assert load.statuses == {"200": 50}
    assert load.seconds >= due[-1]
    assert len(load.lateness) == 50
    assert load.lateness[0] >= 0


def test_a_schedule_is_that_of_its_seed() -> None:
    """The same seed, the same times, in order; the rate is kept on the whole."""
    due = poisson(10_000, per_second=500.0, seed=7)
    assert due == poisson(10_000, per_second=500.0, seed=7)
    assert due != poisson(10_000, per_second=500.0, seed=8)
    assert due == sorted(due)
    assert due[-1] == pytest.approx(20.0, rel=0.05)
    gaps = [later - earlier for earlier, later in itertools.pairwise(due)]
    assert max(gaps) > 5 / 500.0
    assert steady(4, per_second=2.0) == [0.0, 0.5, 1.0, 1.5]
