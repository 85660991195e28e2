"""How what players poll is looked up, also by a plan that was made for empty tables."""

import asyncpg
import pytest

from game.db.statements import load

OF_PLAYERS = ("player_zone", "player_segment", "task_progress", "task_completion")


@pytest.mark.asyncio
async def test_a_poll_does_not_grow_with_the_tables(database_url: str) -> None:
    """By player, and windows one by one: a process keeps its plans, and the tables fill up."""
    statement = load("game.tasks")["holdings_of_players"]
    connection = await asyncpg.connect(database_url)
    try:
        values = ["NULL" for _ in (await connection.prepare(statement)).get_parameters()]
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        await connection.execute(f"PREPARE planned AS {statement}")
        rows = await connection.fetch(f"EXPLAIN (COSTS OFF) EXECUTE planned ({', '.join(values)})")
    finally:
        await connection.close()
    plan = "\n".join(row[0] for row in rows)
    assert not [table for table in OF_PLAYERS if f"Seq Scan on {table}" in plan], plan
    assert "(window_start = i.window_start)" in plan, plan
    assert "Hash" not in plan, plan
