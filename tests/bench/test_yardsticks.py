"""That the yardsticks do what they are said to do: each as a process beside real servers."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from redis.asyncio import Redis

from game import demo
from game.embedded.postgres import database_url
from game.players import account_of
from tests.bench.events import JSON, subject_of
from tests.bench.generator import request
from tests.bench.installation import Installation, Server
from tests.bench.meters import Meters
from tests.bench.plays import PLAY, POINTS, Crowd, funded
from tests.bench.yardsticks.redis_table import TABLE
from tests.bench.yardsticks.running import running
from tests.bench.yardsticks.statements import Shape, recordings
from tests.bench.yardsticks.table import LAST, PRICE_POINTS, ROWS, WEIGHT
from tests.crash.site import Site, open_site

pytestmark = pytest.mark.asyncio(loop_scope="module")

PLAYERS = 3
PLAYS = 60
UNITS = 5
STORED = "SELECT count(*) FROM redis_table.play"
LEFT = (
    "SELECT campaign_id, size, frontier FROM log ORDER BY campaign_id",
    "SELECT * FROM play ORDER BY campaign_id, play_id",
    "SELECT campaign_id, units_left, units_won FROM pool_row ORDER BY campaign_id, ordinal",
    "SELECT campaign_id, operation_id, body FROM operation ORDER BY campaign_id, operation_id",
)
STORED_SECONDS = 20.0
POLL_SECONDS = 0.02


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def site() -> AsyncIterator[Site]:
    """PostgreSQL, Redis and the ledger, where players have points."""
    async with open_site() as opened:
        async with demo.open_resources(opened.settings) as resources:
            await funded(resources, PLAYERS)
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def conn(site: Site) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    """The database."""
    opened = await asyncpg.connect(site.settings.database_url)
    yield opened
    await opened.close()


def requests_of(site: Site, count: int) -> list[bytes]:
    """Plays of players with tokens, each with a key of its own."""
    nobody = Server(0, Meters({}))
    return Crowd(Installation(site, nobody), [""], players=PLAYERS).plays(count)


async def points(site: Site) -> list[int]:
    """What each player has in the ledger."""
    accounts = [account_of(brand_id=demo.BRAND, subject=subject_of(number)) for number in range(PLAYERS)]
    async with demo.open_resources(site.settings) as resources:
        return [(await resources.ledger.account(account)).posted for account in accounts]


async def test_a_token_is_asked_for(site: Site) -> None:
    """Players are answered; whoever has no token, or one that nobody signed, is not."""
    async with running(site, "authenticated") as server:
        await server.answered(requests_of(site, PLAYS), connections=4, status="201")
        for headers in (JSON, JSON | {"authorization": "Bearer a.b.c"}):
            await server.answered(
                [request("POST", "/plays", headers=headers, body=PLAY)], connections=1, status="401"
            )


async def test_a_naive_play_is_charged_and_stored_once(
    site: Site, conn: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    """Whoever asks again under the same key pays once and has one outcome; stock never falls below zero."""
    async with running(site, "naive") as server:
        await conn.execute("UPDATE naive.stock SET units_left = 0 WHERE row_id <> $1", LAST)
        asked = requests_of(site, PLAYS)
        for _ in range(2):
            await server.answered(asked, connections=8, status="201")
    assert await points(site) == [POINTS - PRICE_POINTS * PLAYS // PLAYERS] * PLAYERS
    assert await conn.fetchval("SELECT count(*) FROM naive.play WHERE state = 'settled'") == PLAYS
    assert await conn.fetchval("SELECT count(*) FROM naive.outcome") == PLAYS
    assert await conn.fetchval("SELECT units_won FROM naive.stock WHERE row_id = $1", LAST) == PLAYS
    assert await conn.fetchval("SELECT sum(draws) FROM naive.player") == PLAYS
    assert await conn.fetchval("SELECT min(units_left) FROM naive.stock") == 0


async def test_a_play_of_the_table_in_redis_is_stored_once(
    site: Site, conn: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    """The database has each key once in the end; stock is what was won of it, and never below zero."""
    async with running(site, "redis_table") as server, Redis.from_url(site.settings.redis_url) as redis:
        await redis.hset(TABLE, mapping={str(number): "coffee" for number in range(WEIGHT)})
        await redis.set("table:stock:coffee", UNITS)
        asked = requests_of(site, PLAYS)
        for _ in range(2):
            await server.answered(asked, connections=8, status="201")
        assert await redis.get("table:stock:coffee") == b"0"
        async with asyncio.timeout(STORED_SECONDS):
            while await conn.fetchval(STORED) < PLAYS:  # noqa: ASYNC110 - by another process
                await asyncio.sleep(POLL_SECONDS)
    rows = await conn.fetch("SELECT row_id, count(*) FROM redis_table.play GROUP BY row_id ORDER BY row_id")
    assert [tuple(row) for row in rows] == [("coffee", UNITS), (LAST, PLAYS - UNITS)]
    left = await conn.fetchval("SELECT units_left FROM redis_table.stock WHERE row_id = 'coffee'")
    assert left == (ROWS["coffee"][1] or 0) - UNITS


async def test_the_statements_of_plays_are_sent_again(site: Site) -> None:
    """What pgbench does leaves the logs, the plays and the stock as the service left them."""
    shapes = {"few": Shape(lanes=2, size=2, batches=3, warm_up=1)}
    (replay,) = (await recordings(site, shapes, plays_before=0)).values()
    left = await left_in(site, replay.recorded)
    for _ in range(2):
        async with replay.replayed() as (name, taken):
            assert await left_in(site, name) == left
            assert taken.units == 2 * 2 * 2


async def left_in(site: Site, database: str) -> list[list[tuple[Any, ...]]]:
    """What plays leave in a database."""
    conn = await asyncpg.connect(database_url(site.folder / "postgres", database))
    found = [[tuple(row) for row in await conn.fetch(query)] for query in LEFT]
    await conn.close()
    return found
