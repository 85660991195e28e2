"""The servers that tests and the dev run start."""

import asyncpg
import pytest
import redis.asyncio


@pytest.mark.asyncio
async def test_a_test_has_an_empty_database_of_its_own(empty_database_url: str) -> None:
    """The database has no table, and takes one."""
    connection = await asyncpg.connect(empty_database_url)
    tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    assert await connection.fetchval(tables) == 0
    await connection.execute("CREATE TABLE one (id int)")
    assert await connection.fetchval(tables) == 1
    await connection.close()


@pytest.mark.asyncio
@pytest.mark.parametrize("word", ["first", "second"])
async def test_a_test_has_an_empty_redis_of_its_own(redis_url: str, word: str) -> None:
    """What the test before wrote is gone."""
    async with redis.asyncio.from_url(redis_url) as client:
        assert await client.dbsize() == 0
        await client.set("word", word)
