"""The limits that every connection of the pool has."""

import asyncpg
import pytest

from game.db.connection import Connection
from game.db.pool import open_pool
from game.problems import is_passing


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
async def test_behind_a_pooler_nothing_is_left_in_a_session(empty_database_url: str) -> None:
    """No statement has a name there, not even a second time, and no session is asked for settings."""
    async with (
        await open_pool(empty_database_url, connections=1) as pool,
        await open_pool(empty_database_url, connections=1, pooler=True) as pooled,
    ):
        kept, left = [await _left_by_statements(each) for each in (pool, pooled)]
    assert kept > LIMITS
    assert left == {"application_name", "TimeZone"}


LIMITS = {"lock_timeout", "statement_timeout", "plan_cache_mode", "a statement with a name"}
# asyncpg itself turns jit off and on again around what it asks of types.
OF_THE_CLIENT = """
SELECT name FROM pg_settings
WHERE source IN ('client', 'session') AND name NOT IN ('client_encoding', 'jit')
UNION SELECT 'a statement with a name' FROM pg_prepared_statements
"""


async def _left_by_statements(pool: "asyncpg.Pool[asyncpg.Record]") -> set[str]:
    """What a session has besides its defaults, once it was asked something with a type of its own."""
    for _ in range(2):
        await pool.fetch("SELECT $1::uuid[], $2::pg_catalog.regclass[]", [], [])
    return {row["name"] for row in await pool.fetch(OF_THE_CLIENT)}


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


@pytest.mark.asyncio
async def test_a_server_that_is_not_there_is_an_outage() -> None:
    """A socket that does not exist, as after a stop, is told as a broken connection is."""
    with pytest.raises(ConnectionError) as raised:
        await open_pool("postgresql://playfair@/playfair?host=/nowhere", connections=2)
    assert is_passing(raised.value)


@pytest.mark.asyncio
async def test_a_transaction_whose_connection_breaks_is_an_outage(empty_database_url: str) -> None:
    """The transaction is gone, and what is raised at its end says that another try may do."""
    async with await open_pool(empty_database_url, connections=2) as pool, pool.acquire() as conn:
        with pytest.raises(asyncpg.InterfaceError) as raised:
            await _broken_inside(conn, pool)
    assert is_passing(raised.value)


async def _broken_inside(conn: Connection, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    async with conn.transaction():
        pid = await conn.fetchval("SELECT pg_backend_pid()")
        await pool.execute("SELECT pg_terminate_backend($1, 5000)", pid)
        await conn.fetchval("SELECT 1")


def test_a_wrong_use_of_a_connection_is_a_bug() -> None:
    """What asyncpg says of its caller's mistakes does not pass by itself."""
    assert not is_passing(
        asyncpg.InterfaceError("cannot perform operation: another operation is in progress")
    )


@pytest.mark.asyncio
async def test_a_transaction_left_open_ends_with_its_use(empty_database_url: str) -> None:
    """Whoever gets the connection next begins anew, and nothing of it was stored."""
    async with await open_pool(empty_database_url, connections=1) as pool:
        async with pool.acquire() as careless:
            await careless.execute("BEGIN; CREATE TABLE leftover ()")
        async with pool.acquire() as next_one:
            assert not next_one.is_in_transaction()
            assert await next_one.fetchval("SELECT to_regclass('leftover')") is None
