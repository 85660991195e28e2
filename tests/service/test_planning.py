"""That PostgreSQL knows how many rows there are before its plans go wrong."""

import asyncpg
import pytest

from game import demo
from game.embedded.issuer import ISSUER
from game.planning import CHANGED_ROWS, refresh_statistics
from game.resources import uuid7
from tests.support.app import settings_for

KNOWN = "SELECT reltuples::integer FROM pg_class WHERE oid = 'player'::regclass"
FLUSHED = "SELECT pg_stat_force_next_flush()"


async def add_players(conn: "asyncpg.Connection[asyncpg.Record]", *, first: int, count: int) -> None:
    """Insert players, and let it be known at once how many rows have changed."""
    rows = [
        (uuid7(number, bytes(10)), demo.BRAND, f"player-{number}", 0)
        for number in range(first, first + count)
    ]
    await conn.copy_records_to_table(
        "player", records=rows, columns=["player_id", "brand_id", "subject", "created_ms"]
    )
    await conn.execute(FLUSHED)
    await conn.execute("SELECT 1")


@pytest.mark.asyncio
async def test_tables_are_analyzed_when_they_have_doubled(database_url: str, redis_url: str) -> None:
    """A few more rows change no plan, twice as many may."""
    settings = settings_for(database_url, redis_url)
    await demo.keep_brand(settings, issuer=ISSUER, jwks={"keys": []})
    conn = await asyncpg.connect(database_url)
    known = []
    async with demo.open_resources(settings) as resources:
        for first, count in ((0, 2 * CHANGED_ROWS), (2 * CHANGED_ROWS, CHANGED_ROWS), (1_000, 1_000)):
            await add_players(conn, first=first, count=count)
            assert await refresh_statistics(resources) == 0
            known.append(await conn.fetchval(KNOWN))
    await conn.close()
    assert known == [2 * CHANGED_ROWS, 2 * CHANGED_ROWS, 3 * CHANGED_ROWS + 1_000]
