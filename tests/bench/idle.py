"""How long one play takes when nobody else plays, beside the round trips that no play can do without.

Necessary are: to be asked and to answer; one question to Redis, of the limits; two transactions with durable
commits, each with one statement that reads and locks and one that writes, since the ledger is called between
them and what is to be charged must be stored before; and that call. Each is measured alone, in turn with
plays, with a rest before each so that nothing is under way. A play is compared with its own round trips, too:
with the statements that it sends, in place of these transactions.
"""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import Final

from redis.asyncio import Redis

from game import demo
from game.auth import Caller, Role
from game.db.connection import Connection
from game.db.pool import open_pool
from game.embedded.ports import LOOPBACK
from game.limits import Limits
from game.players import account_of
from game.plays.store import SQL
from game.resources import system_clock
from ledger_client import Leg, Operation, encode, house
from tests.bench.events import JSON, subject_of
from tests.bench.generator import HEAD_END, LENGTH, STATUS, request
from tests.bench.installation import Installation
from tests.bench.meters import Meters
from tests.bench.plays import PLAY, PLAYERS, WARM_UP, crowded
from tests.bench.report import Section, alone
from tests.bench.rounds import Round, Scale, Series, Spread, Turn, interleaved, percentiles_ms
from tests.bench.yardsticks.recording import Batch, recorded, seated
from tests.bench.yardsticks.statements import PLAYS_BEFORE, copy, settings_of
from tests.crash.site import GAME, Site

PLAYS: Final = 40
REST_SECONDS: Final = 0.05
GOAL: Final = 1.3
NEVER_MS: Final = 2**53 - 1
# Where plays are recorded, and where their statements are sent again.
RECORDED, AGAIN = "idle_recorded", "idle"
TABLE = "CREATE TABLE idle (key bigint PRIMARY KEY, body bytea); INSERT INTO idle VALUES (0, '')"
READ = "SELECT body FROM idle WHERE key = $1 FOR UPDATE"
WRITE = "INSERT INTO idle (key, body) VALUES ($1, $2)"
# About what a play leaves in the database.
BODY = bytes(1_000)
MANY: Final = 1_000_000
PLAYED: Final = "paid play"
STATEMENTS: Final = "statements as they are"
# How often a play needs each, and how often it takes each.
NECESSARY: Final = {"trivial POST": 1, "limits in Redis": 1, "transaction": 2, "call to the ledger": 1}
OWN: Final = {"trivial POST": 1, "limits in Redis": 1, STATEMENTS: 1, "call to the ledger": 1}

Call = Callable[[], Awaitable[None]]
Opened = Callable[[], AbstractAsyncContextManager[Call]]


async def rested(installation: Installation, scale: Scale) -> Section:
    """Rounds of plays, of what they need, and of all statements that they send now."""
    site = installation.site
    scale.tell("  recording statements")
    batches = iter(await _batches(site, scale.rounds * PLAYS))
    async with crowded(installation, players=PLAYERS) as (service, crowd), _connected(site) as conns:
        await service.answered(crowd.plays(WARM_UP), connections=64, status="201")
        plays = iter(crowd.plays(scale.rounds * PLAYS))
        trivial = itertools.repeat(request("POST", "/plays", headers=JSON, body=PLAY))
        calls: dict[str, Opened] = {
            PLAYED: partial(_asking, service.port, plays, b"201"),
            "trivial POST": partial(_asking, installation.trivial.port, trivial, b"201"),
            "limits in Redis": lambda: nullcontext(conns.limited),
            "transaction": lambda: nullcontext(conns.transaction),
            "call to the ledger": partial(_asking, site.ledger_port, _debits(site), b"200"),
            STATEMENTS: lambda: nullcontext(lambda: conns.send(next(batches))),
        }
        turns: dict[str, Turn] = {
            name: partial(_turn, opened, service.meters) for name, opened in calls.items()
        }
        series = await interleaved(turns, scale)
    return Section(
        title=f"One play on an idle service; the goal is {GOAL} times its necessary round trips",
        rows=[alone(label(series), *series)],
    )


def label(series: Sequence[Series]) -> str:
    """What a play takes to what it needs in the same round, and to its own round trips, by medians."""
    needed = _compared(series, NECESSARY, "what it needs")
    return f"a play takes {needed}, and {_compared(series, OWN, 'its own round trips')}"


def _compared(series: Sequence[Series], times: Mapping[str, int], what: str) -> str:
    p50 = {each.name: [taken.latency_ms["p50"] for taken in each.rounds] for each in series}
    sums = [
        sum(count * ms for count, ms in zip(times.values(), each, strict=True))
        for each in zip(*(p50[name] for name in times), strict=True)
    ]
    ratio = Spread.of([play / whole for play, whole in zip(p50[PLAYED], sums, strict=True)])
    return f"{ratio.median:.2f} times ({ratio.least:.2f} to {ratio.most:.2f}) {what}, {median(sums):.1f} ms"


async def _turn(opened: Opened, meters: Meters) -> Round:
    latencies, before = [], meters.read_us()
    async with opened() as call:
        for _ in range(PLAYS):
            await asyncio.sleep(REST_SECONDS)
            began = time.perf_counter()
            await call()
            latencies.append(time.perf_counter() - began)
    after = meters.read_us()
    return Round(
        units=PLAYS,
        seconds=sum(latencies),
        cpu_us={name: (after[name] - before[name]) / PLAYS for name in after},
        latency_ms=percentiles_ms(sorted(latencies)),
    )


@asynccontextmanager
async def _asking(port: int, requests: Iterator[bytes], status: bytes) -> AsyncIterator[Call]:
    """Asks over one connection, which servers close when it rests for seconds; all must have the status."""
    reader, writer = await asyncio.open_connection(LOOPBACK, port)

    async def ask() -> None:
        writer.write(next(requests))
        head = await reader.readuntil(HEAD_END)
        rest = await reader.readexactly(int(head.partition(LENGTH)[2].partition(b"\r\n")[0]))
        assert head[STATUS] == status, head + rest

    try:
        yield ask
    finally:
        writer.close()
        await writer.wait_closed()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Connections:
    """What is asked of databases, over connections as the service has them."""

    limits: Limits
    conn: Connection
    again: Connection
    keys: Iterator[int] = field(default_factory=itertools.count)

    async def limited(self) -> None:
        """Count a request of a player and an address."""
        await self.limits.admit(LOOPBACK, Caller(demo.BRAND, subject_of(0), frozenset({Role.PLAYER})))

    async def transaction(self) -> None:
        """The least that stores something which depends on what is there."""
        async with self.conn.transaction():
            await self.conn.fetchrow(READ, 0)
            await self.conn.execute(WRITE, 1 + next(self.keys), BODY)

    async def send(self, batch: Batch) -> None:
        """All statements of a play, with its own arguments."""
        for step, arguments in batch.items():
            await (self.again.fetch(step.text, *arguments) if arguments else self.again.execute(step.text))


@asynccontextmanager
async def _connected(site: Site) -> AsyncIterator[_Connections]:
    again_url = settings_of(site, AGAIN).database_url
    async with (
        Redis.from_url(site.settings.redis_url) as redis,
        await open_pool(site.settings.database_url, connections=1) as pool,
        await open_pool(again_url, connections=1) as pool_again,
        pool.acquire() as conn,
        pool_again.acquire() as again,
    ):
        await conn.execute(TABLE)
        limits = Limits(redis, per_player=MANY, per_address=MANY, clock=system_clock)
        yield _Connections(limits=limits, conn=conn, again=again)


def _debits(site: Site) -> Iterator[bytes]:
    headers = JSON | {"authorization": f"Bearer {site.settings.ledger_token}"}
    for number in itertools.count():
        account = account_of(brand_id=demo.BRAND, subject=subject_of(number % PLAYERS))
        leg = Leg(debit=account, credit=house("idle"), amount=1, code="play")
        body = encode(Operation(id=f"idle:{number}", apply_before=NEVER_MS, legs=(leg,), ref=""))
        yield request("POST", "/v1/operations", headers=headers, body=body)


async def _batches(site: Site, count: int) -> list[Batch]:
    """So many plays, one by one, as the service accepts and settles them; to be sent to another database.

    Without the reading before a play is accepted: a service leaves that out for whoever played before.
    """
    await copy(site, GAME, AGAIN)
    scene = await seated(settings_of(site, AGAIN), campaigns=1, plays=PLAYS_BEFORE)
    await copy(site, AGAIN, RECORDED)
    [plays] = await recorded(settings_of(site, RECORDED), scene, lanes=1, size=1, batches=count)
    return [{step: each[step] for step in each if step.text != SQL.standpoints} for each in plays]
