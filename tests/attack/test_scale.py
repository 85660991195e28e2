"""What must not grow slower with the plays that are long over."""

from typing import Any

import msgspec
import pytest

from game.plays.store import SQL
from tests.support.pools import BEACON, wheel
from tests.support.stage import Stage, engine_of

OLD_PLAYS = 20_000
OVER = """
INSERT INTO play
SELECT campaign_id, gen_random_uuid(), player_id, pool_id, 'old ' || nth, request_digest, 'rejected', 1, 0,
       'points', 10, day, seat_id, accepted_ms, apply_before_ms, next_attempt_ms, 1, NULL, NULL, NULL
FROM play, generate_series(1, $1::integer) AS nth
"""


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("statement", "which"),
    [
        ("sealed_queue", "SELECT campaign_id, pool_id, 512 FROM seat"),
        ("plays_of_rounds", "SELECT campaign_id, ARRAY[round], 64 FROM seat"),
    ],
)
async def test_waiting_draws_are_found_among_many_plays(backstage: Stage, statement: str, which: str) -> None:
    """The clerk asks for them under the log's lock: it reads those that wait, not every play."""
    campaign_id = await backstage.launch(wheel(beacon=BEACON, seat_draws=1))
    backstage.fund("ann", 10)
    await backstage.play(engine_of(backstage.resources), campaign_id, "ann", "wheel", key="waits")
    async with backstage.resources.pool.acquire() as conn:
        arguments = tuple(await conn.fetchrow(which) or ())
        turn = conn.transaction()
        await turn.start()
        await conn.execute(OVER, OLD_PLAYS)
        await conn.execute("ANALYZE play")  # plans follow what the planner knows
        plan = await conn.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {SQL[statement]}", *arguments)
        await turn.rollback()
    assert rows_read(msgspec.json.decode(plan)[0]["Plan"]) < OLD_PLAYS / 100


def rows_read(plan: dict[str, Any]) -> int:
    """How many rows a plan has looked at."""
    own = (
        plan["Actual Rows"]
        + plan.get("Rows Removed by Filter", 0)
        + plan.get("Rows Removed by Join Filter", 0)
    )
    return int(own * plan["Actual Loops"]) + sum(rows_read(part) for part in plan.get("Plans", ()))
