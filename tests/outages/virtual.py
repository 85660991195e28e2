"""A service before a ledger that falls silent, in virtual time: a real client, and all else in memory."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

import msgspec

from game.plays.sweep import DRAIN_SHARE
from game.resources import Resources
from game.worker import Step, run_steps
from ledger_client import Hooks, LedgerClient, Options, UnknownReason
from ledger_client.transport import Reply, Request, Silence
from tests.outages.desk import BUDGET, PLAYER, Desk
from tests.outages.hole import operation_ids
from tests.simulation.books import Books
from tests.simulation.loop import VirtualLoop
from tests.simulation.timeline import Timeline

LEAD_SECONDS: Final = 10.0
# A ledger that does five hundred operations a second over one connection.
CALL_SECONDS: Final = 0.01
ITEM_SECONDS: Final = 0.002
EPOCH_MS: Final = 1_800_000_000_000
POLL_SECONDS: Final = 0.05


class Call(msgspec.Struct, frozen=True):
    """A call on the wire: when it began and ended, and the operations in it."""

    began: float
    ended: float
    ids: tuple[str, ...]


class Hole:
    """A way to the ledger that falls silent; every other lost call arrives all the same."""

    def __init__(self, books: Books) -> None:
        self.calls: list[Call] = []
        self.lost: list[Call] = []
        self.is_silent = False
        self._books = books

    @property
    def sends(self) -> Counter[str]:
        """How often each operation went over the wire."""
        return Counter(id_ for call in self.calls for id_ in call.ids)

    async def call(self, request: Request, *, timeout_seconds: float) -> Reply | Silence:
        """The answer after a while, or none."""
        loop, is_lost = asyncio.get_running_loop(), self.is_silent
        began = loop.time()
        takes = timeout_seconds if is_lost else CALL_SECONDS + ITEM_SECONDS * request.items
        call = Call(began, began + takes, tuple(operation_ids(request.path, request.body or b"")))
        self.calls.append(call)
        if is_lost:
            self.lost.append(call)
        answer = None if is_lost and len(self.lost) % 2 else self._books.serve(request)
        await asyncio.sleep(takes)
        return Silence(UnknownReason.TIMEOUT) if is_lost or answer is None else answer

    async def close(self) -> None:
        """Nothing to release."""


class World:
    """A service before its ledger, with so many plays and credits a second."""

    def __init__(self, *, plays: float, credits_: float) -> None:
        self.timeline = Timeline()
        self._rates = (plays, credits_)
        self.books = Books(self.now_ms)
        for account in (PLAYER, BUDGET):
            self.books.fund(account, 10**9, operation_id=f"fund:{account}")
        self.hole = Hole(self.books)
        self.healed, self.drained = 0.0, 0.0
        self.backlog: frozenset[str] = frozenset()
        self._is_over = False

    def open(self) -> None:
        """Make what needs a running loop."""
        self.client = LedgerClient(self.hole, Options(), hooks=Hooks(), random=lambda: 0.5)
        self.desk = Desk(self.client, now_ms=self.now_ms)

    def now_ms(self) -> int:
        """The time on everybody's clock."""
        return EPOCH_MS + round(self.timeline.now * 1_000)

    async def live_through(self, silent_seconds: float) -> None:
        """Let the ledger be silent for so long, and live on until all that was owed then is decided."""
        async with run_steps(cast("Resources", None), [self._drain()]):
            coming = [asyncio.create_task(self._come(*each)) for each in self._takes()]
            await asyncio.sleep(LEAD_SECONDS)
            self.hole.is_silent = True
            await asyncio.sleep(silent_seconds)
            self.hole.is_silent = False
            self.healed, self.backlog = self.timeline.now, frozenset(self.desk.owed)
            await self._until(lambda: self.backlog.isdisjoint(self.desk.owed))
            self.drained, self._is_over = self.timeline.now, True
            await asyncio.wait(coming)
            await self._until(lambda: not self.desk.owed)
        await self.client.close()

    async def opens(self) -> float:
        """Wait until plays are refused; how many seconds that is after the first lost call had begun."""
        await self._until(lambda: bool(self.hole.lost) and not self.client.available())
        return self.timeline.now - self.hole.lost[0].began

    def drain_share(self) -> float:
        """The share of the time of the drain in which a call with some of the backlog was in flight."""
        busy, until = 0.0, self.healed
        for call in self.hole.calls:
            if call.began >= self.healed and not self.backlog.isdisjoint(call.ids):
                busy += max(0.0, call.ended - max(call.began, until))
                until = max(until, call.ended)
        return busy / (self.drained - self.healed)

    def waits_of_fresh_plays(self) -> list[float]:
        """How many seconds after it was stored each play of the time of the drain was sent."""
        return [
            call.began - self.desk.stored_at[id_]
            for call in self.hole.calls
            for id_ in call.ids
            if id_.startswith("play") and self.desk.stored_at[id_] > self.healed
        ]

    async def _until(self, happened: Callable[[], bool]) -> None:
        while not happened():  # noqa: ASYNC110 - virtual time costs nothing
            await asyncio.sleep(POLL_SECONDS)

    def _drain(self) -> Step:
        return Step(name="drain", run=self.desk.drain, interval_ms=1_000, share=DRAIN_SHARE)

    def _takes(self) -> list[tuple[Callable[[], Awaitable[None]], float]]:
        takes = (self.desk.take_play, self.desk.take_credit)
        return [(take, rate) for take, rate in zip(takes, self._rates, strict=True) if rate]

    async def _come(self, take: Callable[[], Awaitable[None]], per_second: float) -> None:
        async with asyncio.TaskGroup() as group:
            while not self._is_over:
                group.create_task(cast("Any", take()))
                await asyncio.sleep(1 / per_second)


def live(world: World, *, silent_seconds: float) -> float:
    """Live through a silence; how many seconds into it plays were refused."""
    loop = VirtualLoop(world.timeline)

    async def main() -> float:
        world.open()
        opens = asyncio.create_task(world.opens())
        await world.live_through(silent_seconds)
        return await opens

    try:
        return loop.run_until_complete(main())
    finally:
        loop.close()
