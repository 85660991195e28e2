"""What players leave in a pool is counted when it is closed."""

from typing import Any

import pytest

from game.campaigns.closing import close_pools
from tests.campaigns.office import CLOSES_MS, Office, cards, wheel
from tests.campaigns.test_closing import answer_round, draw_tickets, log_seat
from tests.support.service import ManualClock


@pytest.mark.asyncio
async def test_seats_that_were_not_used_up_are_counted_at_the_close(
    office: Office, clock: ManualClock
) -> None:
    """All of them, those without a draw, and the draws that nobody took: per pool, for everybody to see."""
    campaign_id = await office.launched(wheel(), cards())
    await answer_round(office, await log_seat(office, campaign_id))
    await draw_tickets(office, campaign_id, "cards", 3)
    await office.resources.pool.execute(
        "UPDATE seat SET seat_draws = 32, state = 'live' WHERE pool_id = 'cards' AND entry_index = 501"
    )
    assert await left_over(office, campaign_id) == {"main": None, "cards": None}
    clock.now_ms = CLOSES_MS
    assert await close_pools(office.resources) == 2
    counted = {
        "main": {"seats_unused": 1, "seats_undrawn": 1, "draws_untaken": 32},
        "cards": {"seats_unused": 1, "seats_undrawn": 0, "draws_untaken": 31},
    }
    assert await left_over(office, campaign_id) == counted
    closes = [each["new"] for each in await office.changes(campaign_id) if each["action"] == "pool.close"]
    assert [{name: new[name] for name in counted["main"]} for new in closes] == [
        counted[new["pool_id"]] for new in closes
    ]


@pytest.mark.asyncio
async def test_lapsed_seats_of_a_replaced_pool_are_counted(office: Office) -> None:
    """Their draws are gone, and an anchor that was only offered is none of them."""
    campaign_id = await office.launched(wheel())
    await answer_round(office, await log_seat(office, campaign_id))
    await office.send("POST", f"/{campaign_id}/pools/main/replacement", wheel(pool_id="next"))
    assert await close_pools(office.resources) == 1
    counted = {"seats_unused": 1, "seats_undrawn": 1, "draws_untaken": 32}
    assert await left_over(office, campaign_id) == {"main": counted, "next": None}


async def left_over(office: Office, campaign_id: str) -> dict[str, Any]:
    """What everybody is shown of seats that were not used up, by pool."""
    page = await office.as_player(campaign_id)
    return {pool["pool_id"]: pool["left_over"] for pool in page["pools"]}
