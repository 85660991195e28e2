"""The limits that every connection of the pool has."""

import asyncpg
import pytest

from game.db.pool import open_pool


@pytest.mark.asyncio
async def test_connections_have_limits_and_a_name(empty_database_url: str) -> None:
    """No statement runs, and no lock is waited for, longer than the house allows."""
    pool = await open_pool(empty_database_url, connections=2, application_name="playfair test")
    async with pool:
        settings = {
            name: await pool.fetchval("SELECT current_setting($1)", name)
            for name in ("statement_timeout", "lock_timeout", "application_name", "timezone")
        }
    assert settings == {
        "statement_timeout": "5s",
        "lock_timeout": "4s",
        "application_name": "playfair test",
        "timezone": "UTC",
    }


@pytest.mark.asyncio
async def test_waiting_for_a_lock_ends(empty_database_url: str) -> None:
    """A connection that cannot get a lock gives up; the limit is lowered here to save the test's time."""
    async with (
        await open_pool(empty_database_url, connections=2) as pool,
        pool.acquire() as holder,
        pool.acquire() as waiter,
    ):
        await holder.execute("SELECT pg_advisory_lock(1)")
        await waiter.execute("SET lock_timeout = '10ms'")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await waiter.execute("SELECT pg_advisory_lock(1)")
