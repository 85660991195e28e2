"""Fresh statistics for tables that grow fast, so that PostgreSQL's plans fit what is there.

Statements are planned once per connection. One that was planned while its tables were empty reads all rows of
a campaign for each key, which gets worse with every play; autovacuum notices within minutes, and a campaign
that starts with a rush has its worst minute first (docs/decisions/0036-statements.md).
"""

from typing import Final

from game.db.statements import load
from game.resources import Resources
from game.worker import Step

LOOK_MS: Final = 1_000
# A table that has grown by so many rows, and by as many as it had when it was last analyzed.
CHANGED_ROWS: Final = 200
# What is larger has been analyzed often enough, and autovacuum does.
ROWS_MAX: Final = 1_000_000
TABLES_AT_ONCE: Final = 8

_SQL: Final = load("game")


async def refresh_statistics(resources: Resources) -> int:
    """Analyze the tables that have doubled or more since they were; none that somebody else is at."""
    async with resources.pool.acquire() as conn:
        rows = await conn.fetch(_SQL.outgrown_tables, CHANGED_ROWS, ROWS_MAX, TABLES_AT_ONCE)
        for row in rows:
            async with conn.transaction():
                await conn.execute(_SQL.small_sample)
                await conn.execute(f"ANALYZE (SKIP_LOCKED) {row['quoted']}")
    return 0


STEP: Final = Step(name="statistics.refresh", run=refresh_statistics, interval_ms=LOOK_MS)
