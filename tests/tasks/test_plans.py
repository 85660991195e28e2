"""How statements look up players and events, also by plans that were made for empty tables."""

import asyncpg
import pytest

from game.db.statements import load

STATEMENTS = ("holdings_of_players", "earned_of", "completions_of", "reverse_contributions")
GROWING = (
    "event", "player_zone", "player_segment", "task_progress", "task_standing", "task_completion",
    "task_contribution",
)  # fmt: skip


async def plan_of(database_url: str, name: str) -> str:
    """The plan that a process keeps which started on an empty database."""
    statement = load("game.tasks")[name]
    connection = await asyncpg.connect(database_url)
    try:
        values = ["NULL" for _ in (await connection.prepare(statement)).get_parameters()]
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        await connection.execute(f"PREPARE planned AS {statement}")
        rows = await connection.fetch(f"EXPLAIN (COSTS OFF) EXECUTE planned ({', '.join(values)})")
    finally:
        await connection.close()
    return "\n".join(row[0] for row in rows)


@pytest.mark.asyncio
@pytest.mark.parametrize("name", STATEMENTS)
async def test_lookups_do_not_grow_with_the_tables(name: str, database_url: str) -> None:
    """Row by row, never a whole table: a process keeps its plans, and the tables fill up under them."""
    plan = await plan_of(database_url, name)
    assert not [table for table in GROWING if f"Seq Scan on {table}" in plan], plan
    assert "Hash" not in plan, plan


@pytest.mark.asyncio
async def test_windows_are_read_one_by_one(database_url: str) -> None:
    """A poll does not read all windows that a player ever had."""
    plan = await plan_of(database_url, "holdings_of_players")
    assert "(window_start = i.window_start)" in plan, plan
