"""Rewards are given once for each source, whatever happens to whoever gives them."""

import asyncio

import pytest

from game.ledger.reissue import reissue_refused
from game.ledger.rules import REISSUE_MS
from game.ledger.service import send
from game.prizes.rewards import give
from game.resources import Resources
from ledger_client import budget
from ledger_client.testing import FakeLedger, Fault
from tests.support.locks import until_waiting
from tests.support.rewarding import Recipient, at_rest, count, given

pytestmark = pytest.mark.asyncio


async def test_each_kind_is_given_once(ann: Recipient, resources: Resources, ledger: FakeLedger) -> None:
    """Asked again, under other ids and with other amounts, nothing happens: the source has given."""
    for amount in (30, 31):
        rewards = [
            ann.reward("task:a:1", amount=amount),
            ann.reward("task:b:1", "chances", amount),
            ann.reward("task:c:1", "voucher"),
            ann.reward("task:d:1", "badge"),
        ]
        assert await ann.give(*rewards, *rewards) == (1 if amount == 30 else 0)
    assert ledger.balances[ann.account] == 30
    assert await count(resources, "chance_lot", "units_left = 30") == 1
    assert await count(resources, "voucher", "reward_id IS NOT NULL") == 1
    assert await count(resources, "badge_award", "state = 'held'") == 1
    assert await count(resources, "reward") == 4


async def test_two_who_give_the_same_give_once(
    ann: Recipient, resources: Resources, ledger: FakeLedger
) -> None:
    """The second waits for the first's commit, and gives nothing then."""
    one, two = (
        (ann.reward("task:a:1", amount=30), ann.reward("task:b:1", "chances", 2)),
        (
            ann.reward("task:b:1", "chances", 2),
            ann.reward("task:a:1", amount=30),
        ),
    )
    async with resources.pool.acquire() as conn, conn.transaction():
        credits_due = await give(conn, resources, one)
        waits = asyncio.create_task(given(resources, two))
        await until_waiting(resources, 1)
    assert len(credits_due) == 1
    assert await waits == 0
    await at_rest(ann)
    assert ledger.balances[ann.account] == 30
    assert await count(resources, "chance_lot") == 1


async def test_one_that_rolls_back_has_given_nothing(
    ann: Recipient, resources: Resources, ledger: FakeLedger
) -> None:
    """Whoever waited for it gives instead."""
    async with resources.pool.acquire() as conn:
        transaction = conn.transaction()
        await transaction.start()
        await give(conn, resources, [ann.reward("task:a:1", amount=30)])
        waits = asyncio.create_task(ann.give(ann.reward("task:a:1", amount=30)))
        await until_waiting(resources, 1)
        await transaction.rollback()
    assert await waits == 1
    assert ledger.balances[ann.account] == 30
    assert await count(resources, "operation") == 1


@pytest.mark.parametrize("fault", [None, Fault.LOSE_REQUEST, Fault.LOSE_ANSWER])
async def test_a_credit_whose_sender_died_arrives_once(
    ann: Recipient, resources: Resources, ledger: FakeLedger, fault: Fault | None
) -> None:
    """Killed between the commit and the call, or between the call and the answer."""
    async with resources.pool.acquire() as conn, conn.transaction():
        credits_due = await give(conn, resources, [ann.reward("task:a:1", amount=30)])
    if fault is not None:
        ledger.faults.append(fault)
        await send(resources, credits_due)
    await at_rest(ann)
    assert (ledger.balances[ann.account], await count(resources, "operation", "state = 'applied'")) == (30, 1)


async def test_a_ledger_that_is_away_delays_all(ann: Recipient, ledger: FakeLedger) -> None:
    """Given, taken back and given again while nobody answers; afterwards all is as it should be."""
    ledger.reachable = False
    await ann.give(ann.reward("task:a:1", amount=30), ann.reward("task:b:1", amount=5))
    await ann.take_back("task:a:1")
    await ann.give(ann.reward("task:a:2", amount=7))
    assert (await ann.stands("task:a:1"))["state"] == "returning"
    await at_rest(ann)
    assert ledger.balances[ann.account] == 0
    ledger.reachable = True
    await at_rest(ann)
    assert (ledger.balances[ann.account], await ann.debt()) == (12, 0)
    assert await ann.stands("task:a:1") == {"state": "returned", "withheld": 0, "recovered": 30, "owed": 0}


async def test_what_an_empty_budget_refused_is_paid_later(ann: Recipient, ledger: FakeLedger) -> None:
    """Rewards are issued anew as prizes of draws are."""
    await ann.give(ann.reward("task:a:1", amount=1_000), ann.reward("task:b:1", amount=20))
    ann.clock.advance(REISSUE_MS)
    ledger.fund(budget(ann.campaign_id), 1_000)
    assert await reissue_refused(ann.resources) == 1
    assert ledger.balances[ann.account] == 1_020
