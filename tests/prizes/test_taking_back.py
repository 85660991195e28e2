"""Rewards are taken back as far as they are unspent; what is spent is owed, and withheld of later ones."""

import asyncio

import pytest

from game.ledger import store
from game.ledger.reissue import reissue_refused
from game.ledger.rules import REISSUE_MS, Credit, reissued
from game.ledger.service import RESEND_AFTER_MS, reissue, resend_due, send
from game.prizes import reward_store
from game.prizes.returning import RETURN_MS, advance, return_points
from game.prizes.reward_rules import RETURN_ATTEMPTS_MAX
from game.prizes.rewards import give
from game.resources import Resources
from ledger_client import budget
from ledger_client.testing import FakeLedger, Fault
from tests.support.locks import until_waiting
from tests.support.rewarding import Recipient, at_rest, count, spend

GONE = {"state": "returned", "withheld": 0}
pytestmark = pytest.mark.asyncio


async def test_unspent_points_come_back(ann: Recipient, resources: Resources, ledger: FakeLedger) -> None:
    """All of them, to the budget, once, however often they are taken back."""
    await ann.give(ann.reward("task:a:1", amount=30))
    assert [await ann.take_back("task:a:1") for _ in range(3)] == [1, 0, 0]
    assert (ledger.balances[ann.account], ann.budget(ledger)) == (0, 1_000)
    await at_rest(ann)
    assert await ann.take_back("task:a:1") == 0
    assert await ann.stands("task:a:1") == GONE | {"recovered": 30, "owed": 0}
    assert (await ann.debt(), await count(resources, "operation")) == (0, 2)


@pytest.mark.parametrize("spent", [1, 29, 30])
async def test_spent_points_are_owed(ann: Recipient, ledger: FakeLedger, spent: int) -> None:
    """What is left comes back under another id; nobody falls below zero."""
    await ann.give(ann.reward("task:a:1", amount=30))
    await spend(ledger, ann, spent)
    await ann.take_back("task:a:1")
    await at_rest(ann)
    assert (ledger.balances[ann.account], ann.budget(ledger)) == (0, 1_000 - spent)
    assert await ann.stands("task:a:1") == GONE | {"recovered": 30 - spent, "owed": spent}
    assert await ann.debt() == spent
    await at_rest(ann)
    assert await ann.debt() == spent


async def test_who_spends_between_question_and_return_owes_it(ann: Recipient, ledger: FakeLedger) -> None:
    """The return of what there was is refused too, and less is asked for; in the end all is owed."""
    await ann.give(ann.reward("task:a:1", amount=30))
    await spend(ledger, ann, 1)
    await ann.take_back("task:a:1")
    for _ in range(RETURN_ATTEMPTS_MAX - 1):
        ledger.faults.append(Fault.LOSE_REQUEST)
        ann.clock.advance(RETURN_MS)
        await return_points(ann.resources)
        await spend(ledger, ann, 1)
        ann.clock.advance(RESEND_AFTER_MS)
        await resend_due(ann.resources)
    assert (await ann.stands("task:a:1"))["state"] == "returning"
    ann.clock.advance(RETURN_MS)
    assert await return_points(ann.resources) == 1
    assert await ann.stands("task:a:1") == GONE | {"recovered": 0, "owed": 30}
    assert await return_points(ann.resources) == 0


async def test_a_credit_in_flight_arrives_before_it_returns(ann: Recipient, ledger: FakeLedger) -> None:
    """Its answer was lost: nobody knows whether there is anything to return, so it is waited for."""
    ledger.faults.append(Fault.LOSE_ANSWER)
    await ann.give(ann.reward("task:a:1", amount=30))
    assert await ann.take_back("task:a:1") == 0
    assert ledger.balances[ann.account] == 30
    await at_rest(ann)
    assert (ledger.balances[ann.account], ann.budget(ledger), await ann.debt()) == (0, 1_000, 0)
    assert (await ann.stands("task:a:1"))["recovered"] == 30


async def test_a_refused_credit_is_not_paid_any_more(
    ann: Recipient, resources: Resources, ledger: FakeLedger
) -> None:
    """Taken back before the budget could pay it: nothing is paid, returned or owed."""
    await ann.give(ann.reward("task:a:1", amount=2_000))
    assert await ann.take_back("task:a:1") == 0
    assert await ann.stands("task:a:1") == GONE | {"recovered": 0, "owed": 0}
    ledger.fund(budget(ann.campaign_id), 5_000)
    ann.clock.advance(REISSUE_MS)
    assert await reissue_refused(resources) == 0
    assert (ledger.balances[ann.account], await count(resources, "operation")) == (0, 1)


async def test_a_credit_that_was_issued_anew_meanwhile_comes_back(
    ann: Recipient, resources: Resources, ledger: FakeLedger
) -> None:
    """Another process pays it while it is taken back: then it is asked for after all."""
    await ann.give(ann.reward("task:a:1", amount=2_000))
    ledger.fund(budget(ann.campaign_id), 5_000)
    ann.clock.advance(REISSUE_MS)
    async with resources.pool.acquire() as conn, conn.transaction():
        await conn.execute("UPDATE operation SET reissued_ms = reissued_ms")
        waits = asyncio.create_task(ann.take_back("task:a:1"))
        await until_waiting(resources, 1)
        [refused] = await store.claim_refused(conn, now_ms=ann.clock(), until_ms=ann.clock(), limit=1)
        anew = await reissue(conn, [(refused.operation_id, reissued(refused))], now_ms=ann.clock())
    assert await waits == 0
    await send(resources, anew)
    assert ledger.balances[ann.account] == 2_000
    await at_rest(ann)
    assert (ledger.balances[ann.account], await ann.debt()) == (0, 0)
    assert (await ann.stands("task:a:1"))["recovered"] == 2_000


async def test_chances_that_are_left_are_taken(ann: Recipient, resources: Resources) -> None:
    """What was used is owed, and withheld of the next."""
    await ann.give(ann.reward("task:a:1", "chances", 5))
    await resources.pool.execute("UPDATE chance_lot SET units_left = 3")
    await ann.take_back("task:a:1")
    await ann.take_back("task:a:1")
    assert await count(resources, "chance_lot", "(units_left, taken_back) = (0, 3)") == 1
    assert await ann.stands("task:a:1") == GONE | {"recovered": 3, "owed": 2}
    await ann.give(ann.reward("task:a:2", "chances", 5))
    assert await count(resources, "chance_lot", "units_left = 3 AND granted = 3") == 1
    assert (await ann.debt("chances"), (await ann.stands("task:a:2"))["withheld"]) == (0, 2)


@pytest.mark.parametrize("redeemed", [False, True])
async def test_a_code_that_nobody_has_seen_goes_back(
    ann: Recipient, resources: Resources, *, redeemed: bool
) -> None:
    """One that was shown stays the player's, and the next of its batch is withheld."""
    await ann.give(ann.reward("task:a:1", "voucher"))
    if redeemed:
        await resources.pool.execute("UPDATE reward SET redeemed_ms = 1")
    await ann.take_back("task:a:1")
    assert await count(resources, "voucher", "reward_id IS NULL") == (1 if redeemed else 2)
    assert await ann.stands("task:a:1") == GONE | {"recovered": 1 - redeemed, "owed": int(redeemed)}
    await ann.give(ann.reward("task:a:2", "voucher"))
    assert await count(resources, "voucher", "reward_id IS NOT NULL") == 1
    assert (await ann.stands("task:a:2"))["withheld"] == int(redeemed)


@pytest.mark.parametrize("state", ["held", "spent", "gifted"])
async def test_a_badge_that_is_held_is_reversed(ann: Recipient, resources: Resources, state: str) -> None:
    """One that was spent or given away is owed."""
    await ann.give(ann.reward("task:a:1", "badge"))
    await resources.pool.execute("UPDATE badge_award SET state = $1", state)
    await ann.take_back("task:a:1")
    left = "reversed" if state == "held" else state
    assert await count(resources, "badge_award", f"state = '{left}'") == 1
    assert await ann.debt("badge") == (0 if state == "held" else 1)
    await ann.give(ann.reward("task:a:2", "badge"))
    assert await count(resources, "badge_award") == (2 if state == "held" else 1)


async def test_debts_are_settled_by_later_rewards(ann: Recipient, ledger: FakeLedger) -> None:
    """As far as they go, each visibly; what is left of one is paid."""
    await ann.give(ann.reward("task:a:1", amount=30))
    await spend(ledger, ann, 30)
    await ann.take_back("task:a:1")
    await at_rest(ann)
    rewards = [ann.reward("task:b:1", amount=20), ann.reward("task:b:2", amount=25)]
    assert await ann.give(*rewards) == 1
    assert [(await ann.stands(f"task:b:{n}"))["withheld"] for n in (1, 2)] == [20, 10]
    assert (ledger.balances[ann.account], ann.budget(ledger), await ann.debt()) == (15, 955, 0)


async def test_what_settled_a_debt_is_owed_again_when_it_is_taken_back(
    ann: Recipient, ledger: FakeLedger
) -> None:
    """Of a reward of 25 that settled 10, the 15 come back and the 10 are owed."""
    await ann.give(ann.reward("task:a:1", amount=10))
    await spend(ledger, ann, 10)
    await ann.take_back("task:a:1")
    await at_rest(ann)
    await ann.give(ann.reward("task:b:1", amount=25))
    await ann.take_back("task:b:1")
    await at_rest(ann)
    assert await ann.stands("task:b:1") == GONE | {"withheld": 10, "recovered": 15, "owed": 10}
    assert (ledger.balances[ann.account], ann.budget(ledger), await ann.debt()) == (0, 990, 10)
    await ann.give(ann.reward("task:b:2", amount=4))
    await ann.take_back("task:b:2")
    assert (await ann.debt(), (await ann.stands("task:b:2"))["owed"]) == (10, 4)


async def test_two_gifts_at_once_settle_a_debt_once(
    ann: Recipient, resources: Resources, ledger: FakeLedger
) -> None:
    """The second sees what the first has left of it."""
    await ann.give(ann.reward("task:a:1", amount=30))
    await spend(ledger, ann, 30)
    await ann.take_back("task:a:1")
    await at_rest(ann)
    async with resources.pool.acquire() as conn, conn.transaction():
        first = await give(conn, resources, [ann.reward("task:b:1", amount=20)])
        waits = asyncio.create_task(ann.give(ann.reward("task:b:2", amount=20)))
        await until_waiting(resources, 1)
    assert (first, await waits) == ([], 1)
    assert (ledger.balances[ann.account], await ann.debt()) == (10, 0)


async def test_two_who_drive_returns_on_send_one(
    ann: Recipient, resources: Resources, ledger: FakeLedger
) -> None:
    """Whatever they have claimed, they decide under the reward's lock by what stands then."""
    ledger.faults.append(Fault.LOSE_ANSWER)
    await ann.give(ann.reward("task:a:1", amount=30))
    await ann.take_back("task:a:1")
    ann.clock.advance(RESEND_AFTER_MS)
    await resend_due(resources)
    keys = [(ann.campaign_id, await resources.pool.fetchval("SELECT reward_id FROM reward"))]

    async def drive() -> list[Credit]:
        async with resources.pool.acquire() as conn, conn.transaction():
            await reward_store.lock_returning(conn, keys)
            return (await advance(conn, resources, keys, available={})).credits

    driven = await asyncio.gather(drive(), drive())
    assert sorted(map(len, driven)) == [0, 1]
    await at_rest(ann)
    assert (ledger.balances[ann.account], ann.budget(ledger)) == (0, 1_000)
