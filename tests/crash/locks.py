"""Holding plays right before their settle: with the log's lock taken, no batch can go on."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg

from game.tour.stage import Place
from tests.crash.site import GAME, POLL_SECONDS

POLLS_MAX = 500
LOCK = "SELECT 1 FROM log WHERE campaign_id = ANY ($1) FOR UPDATE"
STORED = "SELECT count(*) FROM play WHERE campaign_id = ANY ($1)"
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = $1"


@asynccontextmanager
async def locked_logs(database_url: str, places: Sequence[Place]) -> AsyncIterator[None]:
    """Hold the locks of logs, so that settles wait inside of their transactions."""
    connection = await asyncpg.connect(database_url)
    await connection.execute("BEGIN")
    await connection.fetch(LOCK, [place.campaign_id for place in places])
    try:
        yield
    finally:
        connection.terminate()


async def settles_wait(database_url: str, places: Sequence[Place], *, plays: int, transactions: int) -> None:
    """Poll until so many plays are stored and so many settles wait: one for each campaign and process."""
    connection = await asyncpg.connect(database_url)
    found, wanted = (0, 0), (plays, transactions)
    for _ in range(POLLS_MAX):
        stored = await connection.fetchval(STORED, [place.campaign_id for place in places])
        found = (stored, await connection.fetchval(WAITING, GAME))
        if found[0] >= plays and found[1] >= transactions:
            break
        await asyncio.sleep(POLL_SECONDS)
    connection.terminate()
    assert min(found[0] - plays, found[1] - transactions) >= 0, (
        f"plays stored, settles at their log's lock: {found}, not {wanted}"
    )
