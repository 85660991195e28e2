"""Credits that were refused for good: paid in the end, under new ids, and never twice."""

import asyncio
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from game.ledger import store
from game.ledger.reissue import reissue_refused
from game.ledger.rules import (
    REISSUE_MS,
    REISSUE_MS_MAX,
    Credit,
    credit_of,
    payable,
    reissue_after_ms,
    reissued,
)
from game.ledger.service import RESEND_AFTER_MS, enqueue, resend_due, send
from game.resources import Resources
from ledger_client import Lane, budget
from ledger_client.operations import decode
from ledger_client.testing import FakeLedger, Fault
from tests.support.locks import until_waiting
from tests.support.service import ManualClock
from tests.support.settled import Campaign

ANN = "player:acme.ann"
BUDGET = budget("campaign0001")
POINTS = 5
BREAK_OFF = """
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''cut off''; END';
CREATE TRIGGER fail AFTER INSERT ON operation FOR EACH ROW WHEN (new.attempt = 2) EXECUTE FUNCTION fail();
"""
SET_STATE = "UPDATE operation SET state = $2, ledger_seq = 1 WHERE operation_id = $1"


@pytest_asyncio.fixture
async def refused(campaign: Campaign, resources: Resources) -> list[Credit]:
    """Three credits of five points that the empty budget could not pay."""
    credits_due = await campaign.credits(await campaign.player("ann"), 3, subject="ann", points=POINTS)
    async with resources.pool.acquire() as conn:
        await enqueue(conn, credits_due, next_attempt_ms=resources.clock())
    assert await send(resources, credits_due) == 3
    return credits_due


async def held(resources: Resources) -> list[tuple[str, str, bool]]:
    """Id, state and whether it has given way, of every credit in the order of the log and of its ids."""
    rows = await resources.pool.fetch(
        "SELECT operation_id, state, reissued_ms IS NOT NULL FROM operation ORDER BY entry_index, attempt"
    )
    return [tuple(row) for row in rows]


def paid_anew(refused: list[Credit]) -> list[tuple[str, str, bool]]:
    """Refused credits, each with the one that it went on as, which was applied."""
    return [
        row
        for credit in refused
        for row in ((credit.operation_id, "rejected", True), (f"{credit.operation_id}:2", "applied", False))
    ]


def test_another_id_is_all_that_is_new() -> None:
    """The same points from the same budget to the same player, under the next number."""
    first = credit_of(
        campaign_id="campaign0001", play_id=UUID(int=1), entry_index=7, account=ANN, amount_points=25
    )
    second, third = reissued(first), reissued(reissued(first))
    assert [each.operation_id for each in (second, third)] == [
        "draw:campaign0001:7:2",
        "draw:campaign0001:7:3",
    ]
    assert decode(third.body).id == third.operation_id
    assert decode(third.body).legs == decode(first.body).legs
    assert (third.attempt, third.subject, third.entry_index) == (3, ANN, 7)


def test_a_credit_is_issued_anew_more_and_more_seldom() -> None:
    """From a minute up to six hours, however often it was refused."""
    waits_ms = [reissue_after_ms(attempt) for attempt in (1, 2, 3, 9, 10, 1_000_000)]
    assert waits_ms[:3] == [REISSUE_MS, 2 * REISSUE_MS, 4 * REISSUE_MS]
    assert waits_ms[3:] == [256 * REISSUE_MS, REISSUE_MS_MAX, REISSUE_MS_MAX]


def test_a_budget_pays_in_the_order_of_the_log() -> None:
    """As far as it goes, to the last point."""
    owed = [
        credit_of(
            campaign_id="campaign0001", play_id=UUID(int=1), entry_index=n, account=ANN, amount_points=POINTS
        )
        for n in (3, 1, 2)
    ]
    paid = {points: [credit.entry_index for credit in payable(owed, points)] for points in (4, 5, 10, 99)}
    assert paid == {4: [], 5: [1], 10: [1, 2], 99: [1, 2, 3]}


@pytest.mark.asyncio
async def test_funding_the_budget_heals_it(
    resources: Resources, ledger: FakeLedger, clock: ManualClock, refused: list[Credit]
) -> None:
    """Within a minute every prize is paid once, under its second id."""
    clock.advance(REISSUE_MS)
    ledger.fund(BUDGET, 100)
    assert await reissue_refused(resources) == 3
    assert await held(resources) == paid_anew(refused)
    assert (ledger.balances[ANN], ledger.balances[BUDGET]) == (15, 85)
    clock.advance(REISSUE_MS_MAX)
    assert await reissue_refused(resources) == 0


@pytest.mark.asyncio
async def test_an_empty_budget_uses_up_no_ids(
    resources: Resources, ledger: FakeLedger, clock: ManualClock, refused: list[Credit]
) -> None:
    """It is looked at again every minute; as far as it goes, it pays."""
    before = len(ledger.received)
    for _ in range(5):
        clock.advance(REISSUE_MS)
        assert await reissue_refused(resources) == 0
    assert len(ledger.received) == before
    ledger.fund(BUDGET, 2 * POINTS)
    assert await reissue_refused(resources) == 0
    clock.advance(REISSUE_MS)
    assert await reissue_refused(resources) == 2
    assert (ledger.balances[ANN], ledger.balances[BUDGET]) == (10, 0)
    assert (await held(resources))[-1] == (refused[2].operation_id, "rejected", False)


@pytest.mark.asyncio
async def test_a_late_duplicate_of_the_refused_one_pays_nothing(
    resources: Resources, ledger: FakeLedger, clock: ManualClock, refused: list[Credit]
) -> None:
    """However rich the budget is by then: the refusal sticks, so only the new id pays."""
    clock.advance(REISSUE_MS)
    ledger.fund(BUDGET, 100)
    await reissue_refused(resources)
    for credit in refused:
        await ledger.apply(
            operation_id=credit.operation_id, body=credit.body, lane=Lane.BULK, subject=ANN, deadline=0.0
        )
    assert await send(resources, refused) == 3
    assert ledger.balances[ANN] == 15
    assert await held(resources) == paid_anew(refused)


@pytest.mark.asyncio
async def test_what_is_refused_again_goes_on_again(
    resources: Resources, ledger: FakeLedger, clock: ManualClock, refused: list[Credit]
) -> None:
    """The second id is buried before it arrives: the third pays, after twice the time."""
    await ledger.fence(f"{refused[0].operation_id}:2")
    ledger.fund(BUDGET, 100)
    clock.advance(REISSUE_MS)
    await reissue_refused(resources)
    assert ledger.balances[ANN] == 10
    clock.advance(2 * REISSUE_MS - 1)
    assert await reissue_refused(resources) == 0
    clock.advance(1)
    assert await reissue_refused(resources) == 1
    assert ledger.balances[ANN] == 15
    assert (await held(resources))[1:3] == [
        (f"{refused[0].operation_id}:2", "fenced", True),
        (f"{refused[0].operation_id}:3", "applied", False),
    ]


@pytest.mark.asyncio
async def test_two_processes_issue_one(
    resources: Resources, ledger: FakeLedger, clock: ManualClock, refused: list[Credit]
) -> None:
    """Both have claimed the same credits, one after the other's lease: only one makes the next ids."""
    clock.advance(REISSUE_MS)
    ledger.fund(BUDGET, 100)
    anew = [(credit.operation_id, reissued(credit)) for credit in refused]
    async with resources.pool.acquire() as one, resources.pool.acquire() as two:
        async with one.transaction():
            first = await store.reissue(one, anew, now_ms=clock(), next_attempt_ms=clock())
            waits = asyncio.create_task(store.reissue(two, anew, now_ms=clock(), next_attempt_ms=clock()))
            await until_waiting(resources, 1)
        second = await waits
    assert (sorted(credit.operation_id for credit in first), second) == (
        sorted(credit.operation_id for _, credit in anew),
        [],
    )


@pytest.mark.asyncio
async def test_a_transaction_that_is_cut_off_gives_nothing_up(
    resources: Resources, ledger: FakeLedger, clock: ManualClock, refused: list[Credit]
) -> None:
    """The old id and the new one change places together, or not at all; the next run does it."""
    await resources.pool.execute(BREAK_OFF)
    clock.advance(REISSUE_MS)
    ledger.fund(BUDGET, 100)
    with pytest.raises(asyncpg.RaiseError, match="cut off"):
        await reissue_refused(resources)
    assert await held(resources) == [(credit.operation_id, "rejected", False) for credit in refused]
    await resources.pool.execute("DROP TRIGGER fail ON operation")
    clock.advance(REISSUE_MS)
    assert await reissue_refused(resources) == 3
    assert ledger.balances[ANN] == 15


@pytest.mark.parametrize("fault", [Fault.LOSE_REQUEST, Fault.LOSE_ANSWER])
@pytest.mark.asyncio
async def test_whoever_dies_after_the_commit_leaves_credits_that_are_due(
    resources: Resources, ledger: FakeLedger, clock: ManualClock, refused: list[Credit], fault: Fault
) -> None:
    """The new ids were sent or not, and nobody wrote down what became of them: they are sent again."""
    clock.advance(REISSUE_MS)
    ledger.fund(BUDGET, 100)
    ledger.faults.extend([fault] * 3)
    assert await reissue_refused(resources) == 0
    assert [state for _, state, _ in await held(resources)] == ["rejected", "due"] * 3
    clock.advance(RESEND_AFTER_MS)
    assert await resend_due(resources) == 3
    assert (ledger.balances[ANN], ledger.balances[BUDGET]) == (15, 85)
    assert await held(resources) == paid_anew(refused)


@pytest.mark.asyncio
async def test_nothing_gives_way_that_may_be_applied(
    resources: Resources, ledger: FakeLedger, refused: list[Credit]
) -> None:
    """Neither what is due nor what is applied: the database itself refuses it."""
    await resources.pool.execute(SET_STATE, refused[0].operation_id, "due")
    await resources.pool.execute(SET_STATE, refused[1].operation_id, "applied")
    async with resources.pool.acquire() as conn:
        anew = [(credit.operation_id, reissued(credit)) for credit in refused]
        issued = await store.reissue(conn, anew, now_ms=1, next_attempt_ms=1)
    assert [credit.entry_index for credit in issued] == [refused[2].entry_index]
    for credit in refused[:2]:
        with pytest.raises(asyncpg.CheckViolationError, match="operation_reissued"):
            await resources.pool.execute(
                "UPDATE operation SET reissued_ms = 1 WHERE operation_id = $1", credit.operation_id
            )
        with pytest.raises(asyncpg.UniqueViolationError, match="operation_one_credit"):
            async with resources.pool.acquire() as conn:
                await enqueue(conn, [reissued(credit)], next_attempt_ms=1)
    assert ledger.balances[ANN] == 0


@pytest.mark.asyncio
async def test_a_ledger_that_is_away_is_not_asked(
    resources: Resources, ledger: FakeLedger, clock: ManualClock, refused: list[Credit]
) -> None:
    """The credits keep their turn; one that goes away in between ends the run."""
    clock.advance(REISSUE_MS)
    ledger.reachable = False
    assert await reissue_refused(resources) == 0
    ledger.available = lambda: True  # type: ignore[method-assign]
    assert await reissue_refused(resources) == 0
    assert [state for _, state, _ in await held(resources)] == ["rejected"] * len(refused)


@pytest.mark.asyncio
async def test_what_the_entries_say_was_applied_is_not_paid_anew(
    resources: Resources, ledger: FakeLedger, clock: ManualClock, refused: list[Credit]
) -> None:
    """A ledger that said "rejected" and posted all the same has paid: that is for a person to look at."""
    await resources.pool.execute(
        "INSERT INTO ledger_entry (campaign_id, seq, operation_id, debit, credit, amount)"
        " VALUES ($1, 1, $2, $3, $4, $5)",
        refused[0].campaign_id,
        refused[0].operation_id,
        BUDGET,
        ANN,
        POINTS,
    )
    clock.advance(REISSUE_MS)
    ledger.fund(BUDGET, 100)
    assert await reissue_refused(resources) == 2
    assert await held(resources) == [(refused[0].operation_id, "rejected", False), *paid_anew(refused[1:])]
