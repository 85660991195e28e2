"""Point prizes leave by the outbox: once each, with the same bytes, for as long as it takes."""

import asyncio
from collections.abc import Sequence

import asyncpg
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from game.ledger import service, store
from game.ledger.rules import NEVER_MS, Credit, credit_of
from game.resources import Resources, uuid7
from ledger_client import Applied, Lane, Leg, Operation, budget, encode
from ledger_client.operations import decode
from ledger_client.testing import FakeLedger, Fault
from tests.support.service import STARTED_MS, ManualClock
from tests.support.settled import Campaign

ANN = "player:acme.ann"
BUDGET = budget("campaign0001")

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def ann_credits(campaign: Campaign) -> list[Credit]:
    """Three credits of 5 points for one player, which nobody has stored yet."""
    return await campaign.credits(await campaign.player("ann"), 3, subject="ann", points=5)


async def owe(resources: Resources, credits_due: Sequence[Credit]) -> None:
    """Store credits that are due at once."""
    async with resources.pool.acquire() as conn:
        await service.enqueue(conn, credits_due, next_attempt_ms=resources.clock())


async def states(resources: Resources) -> list[asyncpg.Record]:
    """State and ledger's number of each credit, in the order of the log."""
    return await resources.pool.fetch(
        "SELECT state, ledger_seq FROM operation ORDER BY entry_index LIMIT 1000"
    )


async def counts(resources: Resources) -> dict[str, int]:
    """How many credits stand in each state."""
    rows = await resources.pool.fetch("SELECT state, count(*) FROM operation GROUP BY state ORDER BY state")
    return dict(map(tuple, rows))


async def test_a_credit_is_one_leg_from_the_budget_to_the_player() -> None:
    """Its id is the draw's, and the ledger may apply it whenever it gets round to it."""
    play_id = uuid7(STARTED_MS, bytes(10))
    credit = credit_of(
        campaign_id="campaign0001", play_id=play_id, entry_index=7, account=ANN, amount_points=25
    )
    assert credit.operation_id == "draw:campaign0001:7"
    assert credit.subject == ANN
    assert decode(credit.body) == Operation(
        id="draw:campaign0001:7",
        apply_before=NEVER_MS,
        legs=(Leg(debit=BUDGET, credit=ANN, amount=25, code="prize"),),
        ref="entry 7",
    )


async def test_what_is_owed_is_owed_from_the_commit_on(
    resources: Resources, ann_credits: list[Credit]
) -> None:
    """A settle that rolls back owes nothing; one that commits owes the exact bytes."""
    async with resources.pool.acquire() as conn:
        transaction = conn.transaction()
        await transaction.start()
        await service.enqueue(conn, ann_credits, next_attempt_ms=0)
        await transaction.rollback()
    assert await states(resources) == []
    await owe(resources, ann_credits)
    rows = await resources.pool.fetch(
        "SELECT operation_id, subject, body, state FROM operation ORDER BY entry_index"
    )
    assert list(map(tuple, rows)) == [(c.operation_id, c.subject, c.body, "due") for c in ann_credits]


async def test_applied_credits_are_recorded(
    resources: Resources, ledger: FakeLedger, ann_credits: list[Credit]
) -> None:
    """The player has the points, and each credit knows its entry in the ledger."""
    ledger.fund(BUDGET, 100)
    await owe(resources, ann_credits)
    await service.send(resources, ann_credits)
    assert list(map(tuple, await states(resources))) == [("applied", 2), ("applied", 3), ("applied", 4)]
    assert (ledger.balances[ANN], ledger.balances[BUDGET]) == (15, 85)


@pytest.mark.parametrize("fault", [Fault.LOSE_REQUEST, Fault.LOSE_ANSWER, Fault.THROTTLE])
async def test_an_unknown_outcome_is_asked_for_again_with_the_same_bytes(
    resources: Resources, ledger: FakeLedger, clock: ManualClock, ann_credits: list[Credit], fault: Fault
) -> None:
    """Applied or not, the points arrive once."""
    ledger.fund(BUDGET, 100)
    ledger.faults.extend([fault] * 3)
    await owe(resources, ann_credits)
    await service.send(resources, ann_credits)
    assert await counts(resources) == {"due": 3}
    clock.advance(1)
    assert await service.resend_due(resources) == 3
    assert await counts(resources) == {"applied": 3}
    assert ledger.balances[ANN] == 15
    first, second = ledger.received[:3], ledger.received[3:]
    assert sorted(first) == sorted(second) == sorted((c.operation_id, c.body) for c in ann_credits)


async def test_an_unreachable_ledger_is_no_error(
    resources: Resources, ledger: FakeLedger, ann_credits: list[Credit]
) -> None:
    """Nothing is raised or lost, and while it is known to be away the sweeper leaves the credits alone."""
    ledger.fund(BUDGET, 100)
    ledger.reachable = False
    await owe(resources, ann_credits)
    await service.send(resources, ann_credits)
    assert await service.resend_due(resources) == 0
    ledger.reachable = True
    assert await service.resend_due(resources) == 3
    assert await counts(resources) == {"applied": 3}


async def test_an_empty_budget_calls_for_a_person(
    resources: Resources, ledger: FakeLedger, clock: ManualClock, ann_credits: list[Credit]
) -> None:
    """A refusal sticks to its id, so it is recorded and logged, and never sent again under that id."""
    ledger.fund(BUDGET, 11)
    await owe(resources, ann_credits)
    with capture_logs() as events:
        await service.send(resources, ann_credits)
    assert await counts(resources) == {"applied": 2, "rejected": 1}
    refused = [(e["event"], e["log_level"], e["campaign_id"]) for e in events]
    assert refused == [("credit.refused", "error", "campaign0001")]
    assert "insufficient_funds" in events[0]["outcome"]
    clock.advance(service.RESEND_AFTER_MS)
    assert await service.resend_due(resources) == 0


async def test_a_buried_credit_is_not_sent_for_ever(
    resources: Resources, ledger: FakeLedger, ann_credits: list[Credit]
) -> None:
    """What the ledger will never apply is recorded as such."""
    ledger.fund(BUDGET, 100)
    await ledger.fence(ann_credits[0].operation_id)
    await owe(resources, ann_credits)
    with capture_logs() as events:
        await service.send(resources, ann_credits)
    assert [row["state"] for row in await states(resources)] == ["fenced", "applied", "applied"]
    assert [event["event"] for event in events] == ["credit.refused"]


async def test_one_that_the_ledger_cannot_take_harms_no_other(
    resources: Resources, ledger: FakeLedger, ann_credits: list[Credit]
) -> None:
    """An id that was used for another body stays due and is logged; its neighbours are paid and recorded."""
    ledger.fund(BUDGET, 100)
    other = Operation(
        id=ann_credits[1].operation_id,
        apply_before=NEVER_MS,
        legs=(Leg(debit=BUDGET, credit=ANN, amount=1, code="prize"),),
        ref="",
    )
    applied = await ledger.apply(
        operation_id=other.id, body=encode(other), lane=Lane.BULK, subject=ANN, deadline=float("inf")
    )
    assert isinstance(applied, Applied)
    await owe(resources, ann_credits)
    with capture_logs() as events:
        await service.send(resources, ann_credits)
    assert [row["state"] for row in await states(resources)] == ["applied", "due", "applied"]
    assert [event["operation_id"] for event in events] == [other.id]


async def test_credits_wait_for_their_turn(
    resources: Resources, ledger: FakeLedger, clock: ManualClock, ann_credits: list[Credit]
) -> None:
    """The sweeper leaves a credit to its first sender, and then tries no more often than it says."""
    ledger.fund(BUDGET, 100)
    async with resources.pool.acquire() as conn:
        await service.enqueue(conn, ann_credits, next_attempt_ms=STARTED_MS + 10)
    clock.advance(9)
    assert await service.resend_due(resources) == 0
    clock.advance(1)
    ledger.faults.extend([Fault.LOSE_REQUEST] * 3)
    assert await service.resend_due(resources) == 0
    assert len(ledger.received) == 3
    clock.advance(service.RESEND_AFTER_MS - 1)
    assert await service.resend_due(resources) == 0
    clock.advance(1)
    assert await service.resend_due(resources) == 3
    assert await counts(resources) == {"applied": 3}


async def test_two_sweepers_share_the_work(resources: Resources, ann_credits: list[Credit]) -> None:
    """What one process has claimed, even uncommitted, another passes by without waiting."""
    await owe(resources, ann_credits)
    now_ms = resources.clock()
    async with resources.pool.acquire() as one, resources.pool.acquire() as two, one.transaction():
        mine = await store.claim_due(one, now_ms=now_ms, until_ms=now_ms + 1, limit=2)
        theirs = await asyncio.wait_for(
            store.claim_due(two, now_ms=now_ms, until_ms=now_ms + 1, limit=2), timeout=5
        )
    assert len(mine) == 2
    assert len(theirs) == 1
    assert {c.operation_id for c in (*mine, *theirs)} == {c.operation_id for c in ann_credits}


async def test_a_long_queue_is_worked_off_in_bounded_batches(
    resources: Resources, ledger: FakeLedger, campaign: Campaign
) -> None:
    """A sweep claims no more than its limit; a sender may be handed any number."""
    many = await campaign.credits(await campaign.player("bo"), service.IN_FLIGHT_LIMIT + 1, subject="bo")
    ledger.fund(BUDGET, len(many))
    await owe(resources, many)
    assert await service.resend_due(resources) == service.CLAIM_LIMIT
    assert await counts(resources) == {"applied": service.CLAIM_LIMIT, "due": len(many) - service.CLAIM_LIMIT}
    await service.send(resources, many)
    assert await counts(resources) == {"applied": len(many)}
    assert ledger.balances["player:acme.bo"] == len(many)
