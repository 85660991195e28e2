"""The migrator: forward, once, one at a time, and not on a schema it does not know."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from game.db.migrate import migrate
from game.db.migrations import Migration, MigrationError, read_migrations

FIRST = Migration(1, "0001_one.sql", "CREATE TABLE one (id int); CREATE TABLE uno (id int)")
SECOND = Migration(2, "0002_two.sql", "ALTER TABLE one ADD COLUMN word text")
BROKEN = Migration(3, "0003_three.sql", "CREATE TABLE three (id int); SELECT 1 / 0")
EDITED = Migration(1, "0001_one.sql", "CREATE TABLE one (id bigint)")


async def value(url: str, query: str) -> object:
    """One value from the database."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


@pytest.mark.asyncio
async def test_what_is_missing_is_applied_once(empty_database_url: str) -> None:
    """A second run applies nothing, a later one only what is new."""
    assert await migrate(empty_database_url, [FIRST]) == ["0001_one.sql"]
    assert await migrate(empty_database_url, [FIRST]) == []
    assert await migrate(empty_database_url, [FIRST, SECOND]) == ["0002_two.sql"]
    assert await value(empty_database_url, "SELECT word FROM one") is None


@pytest.mark.asyncio
async def test_a_failing_migration_leaves_nothing_of_itself(empty_database_url: str) -> None:
    """The ones before it stay, its own transaction is rolled back, and the error names it."""
    with pytest.raises(MigrationError, match=r"0003_three.sql failed and was rolled back: division by zero"):
        await migrate(empty_database_url, [FIRST, SECOND, BROKEN])
    assert await value(empty_database_url, "SELECT to_regclass('three')") is None
    assert await value(empty_database_url, "SELECT max(number) FROM schema_migration") == 2


@pytest.mark.asyncio
async def test_an_edited_migration_is_refused(empty_database_url: str) -> None:
    """What was applied is not what the file says now; nothing further is applied."""
    await migrate(empty_database_url, [FIRST])
    with pytest.raises(MigrationError, match=r"0001_one.sql is not what was applied.*edited"):
        await migrate(empty_database_url, [EDITED, SECOND])
    assert await value(empty_database_url, "SELECT max(number) FROM schema_migration") == 1


@pytest.mark.asyncio
async def test_a_schema_newer_than_the_code_is_refused(empty_database_url: str) -> None:
    """An older release, or one from which a file vanished, does not touch the database."""
    await migrate(empty_database_url, [FIRST, SECOND])
    with pytest.raises(MigrationError, match=r"the database has 0002_two.sql.*this release ends with 0001"):
        await migrate(empty_database_url, [FIRST])


@pytest.mark.asyncio
async def test_two_migrators_at_once_apply_each_migration_once(empty_database_url: str) -> None:
    """The second waits for the first and finds nothing left to do."""
    runs = await asyncio.gather(*(migrate(empty_database_url, [FIRST, SECOND]) for _ in range(4)))
    assert sorted(runs) == [[], [], [], ["0001_one.sql", "0002_two.sql"]]


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        (["0001_one.sql", "0003_three.sql"], "0003_three.sql comes where number 0002 should"),
        (["0001_one.sql", "0001_two.sql"], "0001_two.sql comes where number 0002 should"),
        (["0002_two.sql"], "0002_two.sql comes where number 0001 should"),
        (["0001_one.sql", "0002-two.sql"], "0002-two.sql is not named like"),
        (["0001_one.sql", "notes.txt"], "notes.txt is not named like"),
    ],
)
def test_files_out_of_order_are_refused(tmp_path: Path, names: list[str], complaint: str) -> None:
    """Gaps, doubles and strangers are found before the database is asked."""
    for name in names:
        (tmp_path / name).write_text("SELECT 1")
    with pytest.raises(MigrationError, match=complaint):
        read_migrations(tmp_path)


@pytest.mark.asyncio
async def test_the_schema_of_this_checkout_is_complete(database_url: str) -> None:
    """The database that tests copy has every migration, and migrating it again does nothing."""
    assert await migrate(database_url, read_migrations()) == []
    assert await value(database_url, "SELECT count(*) FROM schema_migration") == len(read_migrations())
