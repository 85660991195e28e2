"""How much plays read, where campaigns differ in size."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from game.db.statements import load
from tests.support.pools import wheel
from tests.support.stage import Stage

# A crowd in one campaign, and a few players in each of many others, so that lines are short on average.
CROWDED = """
INSERT INTO standing (campaign_id, lineage_id, player_id, tag, paid, last)
SELECT CASE WHEN n < 2000 THEN $1 ELSE 'small' || n / 30 END, 'wheel', gen_random_uuid(),
       decode(md5(n::text), 'hex'), '{0}', '{0}'
FROM generate_series(1, 4000) AS n
"""


@pytest.mark.asyncio
async def test_a_play_reads_no_one_elses_standing(backstage: Stage) -> None:
    """Whoever plays in a crowd is looked up alone, however small other campaigns are."""
    campaign_id = await backstage.launch(wheel())
    async with backstage.resources.pool.acquire() as conn, conn.transaction():
        await conn.execute("SET LOCAL session_replication_role = replica")
        await conn.execute(CROWDED, campaign_id)
        await conn.execute("ANALYZE standing")
        somebody = await conn.fetchval("SELECT player_id FROM standing WHERE campaign_id = $1", campaign_id)
        places = ([campaign_id], ["wheel"], [somebody])
        plan = await conn.fetchval(
            f"EXPLAIN (ANALYZE, FORMAT JSON) {load('game.plays').under_log}",
            *([], *places, [campaign_id], ["wheel"]),
        )
    read = [
        node["Actual Rows"] * node["Actual Loops"] + node.get("Rows Removed by Filter", 0)
        for node in nodes(json.loads(plan)[0]["Plan"])
        if node.get("Relation Name") == "standing"
    ]
    assert sum(read) == 1


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan's nodes."""
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)
