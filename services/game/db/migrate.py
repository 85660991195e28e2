"""Bring a database's schema forward: a transaction per migration, one migrator at a time, never backwards."""

from collections.abc import Sequence

import asyncpg

from game.db.connection import Connection
from game.db.migrations import Migration, MigrationError

ADVISORY_LOCK = 0x706C617966616972  # "playfair"
WAIT_FOR_OTHERS = "SET lock_timeout = '60s'"
# The running release keeps working meanwhile: a migration fails rather than hold a lock for long.
LIMITS = "SET lock_timeout = '4s'; SET statement_timeout = '5s'"
HISTORY = """
CREATE TABLE IF NOT EXISTS schema_migration (
    number     integer     PRIMARY KEY CHECK (number > 0),
    name       text        NOT NULL,
    digest     text        NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""
APPLIED = "SELECT number, name, digest FROM schema_migration ORDER BY number"
REMEMBER = "INSERT INTO schema_migration (number, name, digest) VALUES ($1, $2, $3)"


async def migrate(url: str, migrations: Sequence[Migration]) -> list[str]:
    """Apply what is missing and return its names; MigrationError when code and database disagree."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(WAIT_FOR_OTHERS)
        await connection.execute("SELECT pg_advisory_lock($1)", ADVISORY_LOCK)
        await connection.execute(LIMITS)
        await connection.execute(HISTORY)
        missing = await pending(connection, migrations)
        for migration in missing:
            await _apply(connection, migration)
    finally:
        await connection.close()
    return [migration.name for migration in missing]


async def pending(connection: Connection, migrations: Sequence[Migration]) -> list[Migration]:
    """What is not applied yet; MigrationError when the applied ones are not the first of ours, unchanged."""
    applied = await connection.fetch(APPLIED)
    if len(applied) > len(migrations):
        raise MigrationError(
            f"the database has {applied[-1]['name']}, and this release ends with {len(migrations):04}: "
            "run a release that has it, or find the migration that has vanished"
        )
    for row, migration in zip(applied, migrations, strict=False):
        if (row["number"], row["digest"]) != (migration.number, migration.digest):
            raise MigrationError(
                f"{migration.name} is not what was applied as {row['name']}: it was edited. "
                "Restore the file and put the change into a new migration"
            )
    return list(migrations[len(applied) :])


async def _apply(connection: Connection, migration: Migration) -> None:
    try:
        async with connection.transaction():
            await connection.execute(migration.sql)
            await connection.execute(REMEMBER, migration.number, migration.name, migration.digest)
    except asyncpg.PostgresError as error:
        raise MigrationError(f"{migration.name} failed and was rolled back: {error}") from error
