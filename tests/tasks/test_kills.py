"""Processing is killed after a statement: what it did is committed with the event, or not at all."""

import signal
from typing import Any

import pytest

from game.ledger.service import RESEND_AFTER_MS, resend_due
from tests.campaigns.office import CLOSES_MS, rfc3339
from tests.story.tale import BADGE, FAN
from tests.support.dying import ending_of
from tests.tasks.shop import Shop
from tests.tasks.test_telling import completions, listen

pytestmark = pytest.mark.asyncio

STATEMENTS_MAX = 200
FIRST = 4
STRIDE = 6
REWARDS: dict[str, dict[str, Any]] = {
    "again": {"kind": "chances", "amount": 2, "expires_at": rfc3339(CLOSES_MS)},
    "buy": {"kind": "points", "amount": 10},
    "fan": {"kind": "badge", "amount": 1, "item": BADGE},
    "tea": {"kind": "voucher", "amount": 1, "item": "tea"},
}


@pytest.mark.slow
async def test_killed_after_a_statement(shop: Shop, database_url: str, redis_url: str) -> None:
    """A new event and a reversal, of each kind of reward: after all the deaths each is paid once."""
    await shop.office.done("PUT", f"campaigns/{shop.campaign_id}/badges/{BADGE}", FAN)
    for task_id, reward in REWARDS.items():
        await shop.saved(task_id, times_overall=50, reward=reward)
    await shop.launch()
    await listen(shop)
    await shop.bought(subject="bob", occurrence="order-1")
    await shop.process()
    await shop.took_back("order-1", subject="bob")
    await shop.bought(subject="ann")
    endings = []
    for statements in range(FIRST, STATEMENTS_MAX, STRIDE):
        arguments = [database_url, redis_url, str(statements), str(shop.office.clock())]
        endings.append(await ending_of("tests.tasks.doomed", *arguments))
        if endings[-1] == 0:
            break
    assert endings == [*[-signal.SIGKILL] * (len(endings) - 1), 0]
    assert len(endings) > 3
    shop.office.clock.advance(RESEND_AFTER_MS)
    await resend_due(shop.resources)
    await shop.settled()
    assert await shop.rewards("ann") == {f"task:{task_id}:1": "given" for task_id in sorted(REWARDS)}
    assert set((await shop.rewards("bob")).values()) == {"returned"}
    assert (shop.points("ann"), shop.points("bob")) == (10, 0)
    left = (
        "SELECT (SELECT count(*) FROM voucher WHERE reward_id IS NOT NULL) AS codes,"
        " (SELECT sum(units_left) FROM chance_lot) AS chances,"
        " (SELECT count(*) FROM badge_award WHERE state = 'held') AS badges,"
        " (SELECT count(*) FROM debt WHERE amount > 0) AS debts"
    )
    assert tuple(await shop.resources.pool.fetchrow(left) or ()) == (1, 2, 1, 0)
    told = [(task_id, 1, 1, True) for task_id in sorted(REWARDS)]
    assert sorted(await completions(shop)) == sorted(told * 2)
