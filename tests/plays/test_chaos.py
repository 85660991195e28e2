"""Whatever happens, in whatever order: in the end every play has one outcome, and all books agree."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from game.db.pool import open_pool
from game.errors import Refusal
from game.ids import wire_id
from game.ledger.service import RESEND_AFTER_MS, resend_due
from game.plays.engine import Engine
from game.plays.sweep import sweep
from game.plays.views import PlayView
from ledger_client.testing.fake import Fault
from tests.support.auditing import rows_of
from tests.support.pools import BEACON, cards, wheel
from tests.support.stage import Stage, engine_of

POOLS = (
    wheel("plain", seat_draws=12),
    wheel("beacon", seat_draws=5, beacon=BEACON),
    wheel("sealed", seat_draws=1, beacon=BEACON),
    cards("cards", seat_draws=9),
)
PLAYERS = ("ann", "bob", "cat", "dan")
FAULTS = (Fault.LOSE_REQUEST, Fault.LOSE_ANSWER, Fault.THROTTLE)
STEPS = 60
CROWD_MAX = 12
ROUNDS_UP_MAX = 40
# What a request of a process that dies under it may meet with.
DEATHS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, ConnectionError)


class Storm:
    """Two processes, one of which may die at any time, and everything that may happen to them."""

    def __init__(self, stage: Stage, campaign_id: str, seed: int) -> None:
        self.stage = stage
        self.campaign_id = campaign_id
        self.chance = random.Random(seed)
        self.engines: list[Engine] = []
        self.stack = AsyncExitStack()
        self.keys = 0

    async def start_process(self) -> None:
        """An engine with connections of its own."""
        connections = await open_pool(self.stage.resources.settings.database_url, connections=3)
        self.stack.push_async_callback(_end, connections)
        self.engines.append(engine_of(replace(self.stage.resources, pool=connections)))

    def any_engine(self) -> Engine:
        """One of the processes."""
        return self.chance.choice(self.engines)

    async def crowd(self) -> None:
        """Some players play at once; some of them ask twice, some with a key of before."""
        requests = [self.request() for _ in range(self.chance.randint(1, CROWD_MAX))]
        await self.wait_for(*requests, *self.chance.sample(requests, len(requests) // 3))

    def request(self) -> Callable[[], Awaitable[Any]]:
        """One play of anybody's in any pool."""
        self.keys += self.chance.random() < 0.9
        draws = self.chance.choice((1, 1, 1, 2, 3))
        values = (
            self.chance.choice(PLAYERS),
            self.chance.choice(POOLS)["pool_id"],
            f"key-{self.keys}",
            draws,
        )
        return lambda: self.play(*values)

    async def play(self, subject: str, pool_id: str, key: str, draws: int) -> PlayView | None:
        """A play, after a seat where that is what was missing."""
        engine = self.any_engine()
        try:
            return await self.stage.play(engine, self.campaign_id, subject, pool_id, key=key, draws=draws)
        except Refusal as refusal:
            if refusal.code != "seat_required":
                return None
        await self.stage.sit(engine, self.campaign_id, subject, pool_id)
        return None

    async def faults(self) -> None:
        """The ledger fails a few times."""
        self.stage.ledger.faults.extend(self.chance.choices(FAULTS, k=self.chance.randint(1, 4)))

    async def outage(self) -> None:
        """The ledger goes away with debits under way, and comes back."""
        self.stage.ledger.faults.extend([Fault.LOSE_ANSWER] * 3)
        await self.crowd()
        self.stage.ledger.reachable = False
        await self.crowd()
        await self.sweeps()
        self.stage.ledger.reachable = True

    async def wait(self) -> None:
        """Time passes; now and then so much that debits expire."""
        self.stage.clock.advance(self.chance.choice((500, 2_000, 4_000, 9_000, 61_000)))

    async def rounds(self) -> None:
        """The rounds that are public come in, maybe at both."""
        deliveries = [lambda: self.stage.deliver(self.any_engine(), self.campaign_id)] * 2
        await self.wait_for(*deliveries)

    async def sweeps(self) -> None:
        """Both processes sweep at once."""
        await self.wait_for(*(lambda engine=engine: sweep(engine) for engine in self.engines))

    async def death(self) -> None:
        """A process dies in the middle of what it does, and another one takes its place."""
        requests = [asyncio.ensure_future(self.request()()) for _ in range(CROWD_MAX)]
        for _ in range(self.chance.randint(0, 40)):
            await asyncio.sleep(0)
        self.engines.pop(0).resources.pool.terminate()
        await self.start_process()
        await self.wait_for(*(lambda request=request: request for request in requests))

    async def wait_for(self, *happening: Callable[[], Awaitable[Any]]) -> None:
        """Let things happen at once; only refusals and deaths may come of it."""
        outcomes = await asyncio.gather(*(happens() for happens in happening), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException) and not isinstance(outcome, (Refusal, *DEATHS)):
                raise outcome

    async def calm(self) -> None:
        """Everything works again, until no play is unfinished and no credit is due."""
        self.stage.ledger.reachable = True
        self.stage.ledger.faults.clear()
        for _ in range(ROUNDS_UP_MAX):
            self.stage.clock.advance(RESEND_AFTER_MS)
            await self.rounds()
            await self.sweeps()
            await asyncio.gather(*(engine.close() for engine in self.engines))
            await resend_due(self.stage.resources)
            if not await rows_of(self.stage.resources, UNFINISHED):
                return
        raise AssertionError(await rows_of(self.stage.resources, UNFINISHED))


UNFINISHED = """
SELECT pool_id AS what, state FROM play WHERE state NOT IN ('settled', 'rejected', 'cancelled')
UNION ALL
SELECT operation_id, state FROM operation WHERE state = 'due'
"""


async def _end(connections: "asyncpg.Pool[asyncpg.Record]") -> None:
    connections.terminate()


@pytest_asyncio.fixture
async def storm(backstage: Stage, request: pytest.FixtureRequest) -> AsyncIterator[Storm]:
    """A campaign with players who have points for a while, and two processes."""
    campaign_id = await backstage.launch(*POOLS, limits={"per_day": 40})
    for subject in PLAYERS:
        backstage.fund(subject, 250)
    made = Storm(backstage, campaign_id, request.param)
    async with made.stack:
        await made.start_process()
        await made.start_process()
        yield made


@pytest.mark.asyncio
@pytest.mark.parametrize("storm", range(4), indirect=True)
async def test_all_books_agree_after_the_storm(storm: Storm) -> None:
    """Plays end as their debits did, prizes are paid once, and the auditor finds nothing."""
    happenings = [storm.crowd] * 5 + [storm.wait] * 3 + [storm.rounds, storm.sweeps] * 2
    happenings += [storm.faults, storm.outage, storm.death]
    for _ in range(STEPS):
        await storm.chance.choice(happenings)()
    await storm.calm()
    states = Counter(row["state"] for row in await rows_of(storm.stage.resources, "SELECT state FROM play"))
    assert states["settled"] >= STEPS, states
    for row in await rows_of(storm.stage.resources, "SELECT campaign_id, play_id FROM play"):
        play_id = wire_id(row["campaign_id"], row["play_id"])
        assert (await storm.stage.read(storm.engines[0], play_id)).finished_at is not None
    await storm.stage.audit(in_flight_allowed=False)
