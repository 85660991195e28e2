"""Each step of boards is killed after a statement: what it did is there as a whole, or is done again."""

import pytest

from game.boards.store import SeasonKey
from game.ledger.service import RESEND_AFTER_MS, resend_due
from game.resources import Resources
from tests.boards.dying import killed
from tests.boards.hall import Hall, added_up, ended, prize
from tests.boards.scorer import Fact, as_members, in_postgresql, in_redis, ranking, tell
from tests.campaigns.office import DAY_MS

pytestmark = [pytest.mark.asyncio, pytest.mark.slow]


async def test_killed_at_each_step(
    hall: Hall, resources: Resources, database_url: str, redis_url: str
) -> None:
    """Adding up, building anew, freezing and rewarding: in the end all is as it would be without deaths."""
    urls = (database_url, redis_url)
    await hall.saved(
        "sets", metric="sets", rewards=[prize(1, 1, amount=9), prize(2, 3, "voucher", item="tea")]
    )
    await hall.shop.launch()
    players = [await hall.player_id(name) for name in ("ann", "bob", "cat")]
    now_ms = hall.shop.office.clock()
    facts = [
        Fact(player_id=player_id, source=str(nth), amount=1 + nth % 2, at_ms=now_ms + nth)
        for nth, player_id in enumerate(players)
    ]
    key = SeasonKey(hall.shop.campaign_id, "sets", "all")
    await killed(hall.shop.office.clock, "mend", urls)
    await tell(resources, key.campaign_id, facts)
    await killed(hall.shop.office.clock, "fold", urls)
    await added_up(resources)
    wanted = ranking(facts)
    assert await in_postgresql(resources, key) == wanted
    assert await in_redis(resources, key) == as_members(wanted)
    hall.shop.office.clock.advance(11 * DAY_MS)
    await killed(hall.shop.office.clock, "freeze", urls)
    await killed(hall.shop.office.clock, "reward", urls)
    assert await ended(resources) == 0
    sources = await resources.pool.fetch("SELECT player_id, source FROM reward ORDER BY source")
    assert [tuple(row) for row in sources] == [
        (row[0], f"board:sets:all:{rank}") for rank, row in enumerate(wanted, start=1)
    ]
    hall.shop.office.clock.advance(RESEND_AFTER_MS)
    await resend_due(resources)
    assert hall.shop.points("bob") == 9
    taken = "SELECT count(*) FROM voucher WHERE reward_id IS NOT NULL"
    assert await resources.pool.fetchval(taken) == 2
