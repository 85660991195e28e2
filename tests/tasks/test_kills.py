"""Processing is killed after a statement: what it did is committed with the event, or not at all."""

import signal

import pytest

from game.ledger.service import RESEND_AFTER_MS, resend_due
from game.tasks.repairing import CLAIM_MAX, LEASE_MS, sweep_repairs
from tests.support.dying import ending_of
from tests.tasks.diary import POLICY, Diary, day, milestone
from tests.tasks.shop import Shop
from tests.tasks.test_telling import completions, listen

pytestmark = pytest.mark.asyncio

STATEMENTS_MAX = 100
FIRST = 4
STRIDE = 6


@pytest.mark.slow
async def test_killed_after_a_statement(shop: Shop, database_url: str, redis_url: str) -> None:
    """A new event, a reversal, and codes: after all the deaths each counts once, and is paid once."""
    await shop.saved()
    await shop.saved("tea", times_overall=50, reward={"kind": "voucher", "amount": 1, "item": "tea"})
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
    assert await shop.rewards("ann") == {"task:buy:1": "given", "task:tea:1": "given"}
    assert set((await shop.rewards("bob")).values()) == {"returned"}
    assert (shop.points("ann"), shop.points("bob")) == (10, 0)
    taken = "SELECT count(*) FROM voucher WHERE reward_id IS NOT NULL"
    assert await shop.resources.pool.fetchval(taken) == 1
    assert sorted(await completions(shop)) == [("buy", 1, 1, True)] * 2 + [("tea", 1, 1, True)] * 2


@pytest.mark.slow
async def test_a_repair_killed_after_a_statement(shop: Shop, database_url: str, redis_url: str) -> None:
    """Stored, charged, or known to be: after all the deaths there is one repair, and its day counts once."""
    diary = Diary(shop)
    await diary.opened(milestones=[milestone(3)], policy=POLICY | {"freezes_held": 0})
    diary.now_is(3)
    await diary.kept(0, 1)
    endings = []
    for statements in range(FIRST, STATEMENTS_MAX, 2 * STRIDE):
        arguments = [database_url, redis_url, str(statements), str(shop.office.clock())]
        endings.append(await ending_of("tests.tasks.doomed_repair", *arguments, shop.campaign_id, day(2)))
        if endings[-1] == 0:
            break
        shop.office.clock.advance(LEASE_MS)
    assert endings == [*[-signal.SIGKILL] * (len(endings) - 1), 0]
    assert len(endings) > 2
    diary.fund(1_000)
    shop.office.clock.advance(2 * LEASE_MS)
    await sweep_repairs(shop.resources, CLAIM_MAX)
    assert (await diary.repaired(2))["price_points"] == 50
    assert (await diary.states(), (await diary.mine())["longest"]) == ("ccro", 3)
    assert await shop.rewards() == {"streak:daily:3": "given"}
    operations = "SELECT count(*) FROM operation WHERE kind = 'repair' AND state = 'applied'"
    assert await shop.resources.pool.fetchval(operations) == 1
    assert await shop.resources.pool.fetchval("SELECT sum(repairs_taken) FROM streak") == 1
