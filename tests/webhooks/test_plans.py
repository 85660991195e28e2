"""How events are looked up: by what tells them apart, also by a plan that was made for an empty table."""

from uuid import UUID

import asyncpg
import msgspec
import pytest

from game.db.statements import load
from game.resources import Resources
from game.webhooks.manage_api import NEWEST
from tests.attack.test_scale import rows_read
from tests.webhooks.senders import Sender

SQL = load("game.webhooks")
ENDED_EVENTS = 20_000
ENDED = """
INSERT INTO event (brand_id, event_id, source, webhook_id, body_digest, type, player_id, occurrence,
                   occurred_ms, received_ms, attributes, state, next_attempt_ms)
SELECT brand_id, gen_random_uuid(), source, 'old ' || nth, body_digest, type, player_id, 'old ' || nth,
       occurred_ms, received_ms, attributes, 'processed', next_attempt_ms
FROM event, generate_series(1, $1::integer) AS nth
"""
WAITING_EVENTS = 5_000
WAITING = """
WITH others AS (
    INSERT INTO player (player_id, brand_id, subject, created_ms)
    SELECT gen_random_uuid(), 'acme', 'other-' || nth, 1 FROM generate_series(1, $1::integer) AS nth
    RETURNING player_id)
INSERT INTO event (brand_id, event_id, source, webhook_id, body_digest, type, player_id, occurrence,
                   occurred_ms, received_ms, attributes, state, next_attempt_ms)
SELECT brand_id, gen_random_uuid(), source, 'of ' || others.player_id, body_digest, type, others.player_id,
       occurrence, occurred_ms, received_ms, attributes, 'stored', next_attempt_ms
FROM others CROSS JOIN (SELECT * FROM event LIMIT 1) AS event
RETURNING player_id
"""
STATEMENTS = ("insert_events", "find_events", "annul_events", "next_events", "finish_events", "fail_event")


@pytest.mark.asyncio
@pytest.mark.parametrize("name", STATEMENTS)
async def test_lookups_do_not_grow_with_the_table(name: str, database_url: str) -> None:
    """No whole table, no whole brand: a process keeps its plans, and the table fills up under them."""
    statement = SQL[name]
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


@pytest.mark.asyncio
@pytest.mark.parametrize("state", ["stored", "unknown", "dead"])
async def test_open_events_are_found_among_many_that_have_ended(
    sender: Sender, resources: Resources, state: str
) -> None:
    """The managers' list of dead letters reads these, not a month of the brand's events."""
    await sender.sent()
    async with resources.pool.acquire() as conn:
        turn = conn.transaction()
        await turn.start()
        await conn.execute(ENDED, ENDED_EVENTS)
        await conn.execute("ANALYZE event")
        await conn.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        await conn.execute(f"PREPARE planned AS {SQL['list_open_events']}")
        asked = f"EXECUTE planned ('acme', '{NEWEST}', '{state}', NULL, NULL, 100, '{UUID(int=0)}')"
        plan = await conn.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {asked}")
        await turn.rollback()
        await conn.execute("DEALLOCATE planned")
    assert rows_read(msgspec.json.decode(plan)[0]["Plan"]) < ENDED_EVENTS / 100


@pytest.mark.asyncio
async def test_an_event_ends_without_a_look_at_all_that_wait(sender: Sender, resources: Resources) -> None:
    """Statistics are of a time when nothing waited; then a backlog comes, and each of it is ended."""
    await sender.sent()
    async with resources.pool.acquire() as conn:
        turn = conn.transaction()
        await turn.start()
        await conn.execute("UPDATE event SET state = 'processed'")
        await conn.execute(ENDED, ENDED_EVENTS)
        await conn.execute("ANALYZE event")
        player_id = await conn.fetchval(WAITING, WAITING_EVENTS)
        event_id = await conn.fetchval("SELECT event_id FROM event WHERE player_id = $1", player_id)
        await conn.execute(f"PREPARE planned AS {SQL['finish_events']}")
        asked = f"EXECUTE planned (ARRAY['{player_id}']::uuid[], ARRAY['{event_id}']::uuid[])"
        plan = await conn.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {asked}")
        await turn.rollback()
        await conn.execute("DEALLOCATE planned")
    assert rows_read(msgspec.json.decode(plan)[0]["Plan"]) < WAITING_EVENTS / 100
