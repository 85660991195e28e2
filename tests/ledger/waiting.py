"""Waiting until somebody waits for a lock in the ledger's database."""

import asyncio

import asyncpg

WAITING = "FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


async def waiting_writers(url: str, count: int) -> None:
    """Wait until that many transactions wait for a lock."""
    connection = await asyncpg.connect(url)
    try:
        async with asyncio.timeout(10):
            while await connection.fetchval(f"SELECT count(*) {WAITING}") < count:
                await connection.execute("SELECT pg_sleep(0.01)")
    finally:
        await connection.close()
