"""How events are looked up: by what tells them apart, also by a plan that was made for an empty table."""

import asyncpg
import pytest

from game.db.statements import load

STATEMENTS = ("insert_events", "find_events", "annul_events", "next_events", "finish_event")


@pytest.mark.asyncio
@pytest.mark.parametrize("name", STATEMENTS)
async def test_lookups_do_not_grow_with_the_table(name: str, database_url: str) -> None:
    """No whole table, no whole brand: a process keeps its plans, and the table fills up under them."""
    statement = load("game.webhooks")[name]
    connection = await asyncpg.connect(database_url)
    try:
        values = ["NULL" for _ in (await connection.prepare(statement)).get_parameters()]
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        await connection.execute(f"PREPARE planned AS {statement}")
        rows = await connection.fetch(f"EXPLAIN (COSTS OFF) EXECUTE planned ({', '.join(values)})")
    finally:
        await connection.close()
    plan = "\n".join(row[0] for row in rows)
    assert "Seq Scan on event" not in plan, plan
    assert "Hash" not in plan, plan
    conditions = [line for line in plan.splitlines() if "Index Cond" in line and "brand_id" in line]
    assert all("event_id" in line or "occurrence" in line for line in conditions), plan
