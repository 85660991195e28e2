"""What must not grow slower with the campaigns that are long over."""

import msgspec
import pytest

from game.campaigns.checks import CAMPAIGNS_MAX
from game.db.statements import load
from game.tasks.store import LOOKED_AT_MAX
from tests.attack.test_scale import rows_read
from tests.campaigns.office import DAY_MS
from tests.tasks.shop import Shop

PAST = 1_000
CAMPAIGN_COPIES = """
INSERT INTO campaign (campaign_id, brand_id, state, name_zh, name_en, rules_zh, rules_en, time_zone, opens_ms,
                      closes_ms, created_by, created_ms, launched_ms)
SELECT lpad(nth::text, 12, 'past'), brand_id, 'live', name_zh, name_en, rules_zh, rules_en, time_zone,
       $2::bigint - 1, $2::bigint + nth, created_by, created_ms, 1
FROM campaign, generate_series(1, $1::integer) AS nth WHERE brand_id = 'acme'
"""
TASK_COPIES = """
INSERT INTO task SELECT lpad(nth::text, 12, 'past'), task_id, brand_id, event_type, badge_id, draft
FROM task, generate_series(1, $1::integer) AS nth
"""


@pytest.mark.asyncio
async def test_events_do_not_look_at_campaigns_that_are_over(shop: Shop) -> None:
    """A thousand past ones had tasks for the type too: none of them is read, nor any of their tasks."""
    await shop.saved()
    await shop.launch()
    now_ms = shop.office.clock()
    async with shop.resources.pool.acquire() as conn:
        turn = conn.transaction()
        await turn.start()
        await conn.execute(CAMPAIGN_COPIES, PAST, now_ms - DAY_MS)
        await conn.execute(TASK_COPIES, PAST)
        await conn.execute("ANALYZE campaign, task, streak")
        await conn.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        await conn.execute(f"PREPARE planned AS {load('game.tasks').campaigns_of_events}")
        asked = f"EXECUTE planned (ARRAY['acme'], ARRAY['purchase.completed'], {now_ms}, {LOOKED_AT_MAX})"
        found = await conn.fetch(asked)
        plan = await conn.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {asked}")
        await turn.rollback()
        await conn.execute("DEALLOCATE planned")
    assert [row["campaign_id"] for row in found] == [shop.campaign_id]
    assert rows_read(msgspec.json.decode(plan)[0]["Plan"]) < PAST / 50


@pytest.mark.asyncio
async def test_a_brand_launches_only_so_many_that_events_count_for(shop: Shop) -> None:
    """What closed up to thirty days ago is among them, since events come as late; what closed before not."""
    await shop.saved()
    path = f"campaigns/{shop.campaign_id}/launch"
    old_ms = shop.office.clock() - 30 * DAY_MS - CAMPAIGNS_MAX // 2
    await shop.resources.pool.execute(CAMPAIGN_COPIES, 2 * CAMPAIGNS_MAX, old_ms)
    refused = await shop.office.ask("POST", path)
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_campaigns")
    assert refused.json()["limit"] == CAMPAIGNS_MAX
    shop.office.clock.advance(CAMPAIGNS_MAX)
    assert (await shop.office.ask("POST", path)).status_code == 200
