"""The ledger in memory fails as told."""

import asyncio

import pytest

from ledger_client import Applied, Lane, LedgerUnreachable, Leg, Operation, Outcome, Unknown, encode
from ledger_client.operations import AMOUNT_MAX
from ledger_client.testing import FakeLedger, Fault
from tests.ledger.serving import START_MS, Clock

BODY = encode(Operation("op", START_MS + 1, (Leg("player:p", "house:c", 10, "price"),), ""))


def funded() -> FakeLedger:
    """A ledger whose player has 100 points."""
    ledger = FakeLedger(now_ms=Clock())
    ledger.fund("player:p", 100)
    return ledger


async def pay(ledger: FakeLedger) -> Outcome:
    """Send the operation."""
    deadline = asyncio.get_running_loop().time() + 0.01
    return await ledger.apply(
        operation_id="op", body=BODY, lane=Lane.PLAY, subject="player:p", deadline=deadline
    )


@pytest.mark.parametrize(
    ("fault", "left"),
    [(Fault.LOSE_REQUEST, 100), (Fault.THROTTLE, 100), (Fault.HANG, 100), (Fault.LOSE_ANSWER, 90)],
)
@pytest.mark.asyncio
async def test_a_fault_strikes_once(fault: Fault, left: int) -> None:
    """The call is in doubt, the points tell what happened, and the next call is answered."""
    ledger = funded()
    ledger.faults.append(fault)
    assert isinstance(await pay(ledger), Unknown)
    assert (await ledger.account("player:p")).posted == left
    assert isinstance(await pay(ledger), Applied)
    assert (await ledger.account("player:p")).posted == 90
    assert ledger.received == [("op", BODY)] * 2


@pytest.mark.asyncio
async def test_an_unreachable_ledger_takes_nothing() -> None:
    """It says so before anything is sent, and answers no question."""
    ledger = funded()
    ledger.reachable = False
    outcome = await pay(ledger)
    assert isinstance(outcome, Unknown)
    assert not outcome.sent
    assert not ledger.available()
    assert ledger.received == []
    assert isinstance(await ledger.fence("op"), Unknown)
    with pytest.raises(LedgerUnreachable):
        await ledger.lookup(["op"])


@pytest.mark.asyncio
async def test_points_sum_to_zero() -> None:
    """What players have was issued."""
    ledger = funded()
    await pay(ledger)
    assert sum(ledger.balances.values()) == 0
    assert ledger.balances["issuer"] > -AMOUNT_MAX
