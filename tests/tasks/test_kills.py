"""Processing is killed after a statement: what it did is committed with the event, or not at all."""

import signal

import pytest

from game.ledger.service import RESEND_AFTER_MS, resend_due
from tests.support.dying import ending_of
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
