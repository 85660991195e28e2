"""Arrays as arguments of statements."""

import asyncpg
import pytest

from game.db.pool import open_pool


@pytest.mark.asyncio
async def test_elements_are_told_by_their_type(empty_database_url: str) -> None:
    """Lists and tuples are arrays, within a list too; a set is none: asyncpg still asks as we made it."""
    async with await open_pool(empty_database_url, connections=1) as pool:
        assert await pool.fetchval("SELECT $1::bigint[]", [1, None, 3]) == [1, None, 3]
        assert await pool.fetchval("SELECT $1::bytea[]", (b"a", b"")) == [b"a", b""]
        assert await pool.fetchval("SELECT $1::text[]", [["a", "b"], ["c", "d"]]) == [["a", "b"], ["c", "d"]]
        with pytest.raises(asyncpg.DataError, match="container"):
            await pool.fetchval("SELECT $1::text[]", {"a"})
