"""Holding plays right before their settle: with the log's lock taken, no batch can go on."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg

from game.tour.stage import Place
from tests.crash.site import GAME, POLL_SECONDS

POLLS_MAX = 500
LOCK = "SELECT 1 FROM log WHERE campaign_id = ANY ($1) FOR UPDATE"
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


async def settles_wait(database_url: str, *, transactions: int) -> None:
    """Poll until so many transactions wait for a lock: one for each campaign and process."""
    connection = await asyncpg.connect(database_url)
    waiting = 0
    for _ in range(POLLS_MAX):
        waiting = await connection.fetchval(WAITING, GAME)
        if waiting >= transactions:
            break
        await asyncio.sleep(POLL_SECONDS)
    connection.terminate()
    assert waiting >= transactions, f"{waiting} of {transactions} settles came as far as their log's lock"
