"""What is repaired without a person: the same bytes again, and plays driven on. The rest waits for one."""

import pytest
import pytest_asyncio

from game.ledger.comparing import GRACE_MS
from game.ledger.reconcile import RECONCILE_MS, reconcile
from game.ledger.service import resend_due
from game.plays.engine import Engine
from game.plays.sweep import sweep
from ledger_client.testing import Fault
from tests.reconcile import corruptions, entries, rows
from tests.reconcile.world import PRICE, PRIZE, World
from tests.support.stage import engine_of

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def engine(world: World) -> Engine:
    """What drives plays on."""
    return engine_of(world.resources)


async def test_a_credit_that_nobody_sends_is_sent_again(world: World) -> None:
    """The ledger answers that it was applied, and the break closes; the bytes are those of the first time."""
    (expected,) = await rows.credit_is_held_for_due(world)
    assert await resend_due(world.resources) == 0
    assert await world.reconciled() == {expected}
    before = len(world.ledger.received)
    assert await resend_due(world.resources) == 1
    sent = world.ledger.received[before]
    assert sent in world.ledger.received[:before]
    assert await world.reconciled() == set()


async def test_a_prize_that_never_left_is_paid_once(world: World) -> None:
    """A credit that the ledger never saw leaves, and is the winner's once."""
    (expected,) = await rows.prize_was_never_sent(world)
    del world.ledger._records[world.credits[0]]  # as if it had never come
    paid = world.ledger.balances[world.budget]
    assert await world.reconciled() == {expected}
    assert await resend_due(world.resources) == 1
    assert await world.reconciled() == set()
    assert world.ledger.balances[world.budget] == paid - PRIZE


async def test_a_charged_play_is_driven_on(world: World, engine: Engine) -> None:
    """Left alone by every sweeper, it comes to its draw once the break is found, and is not charged again."""
    operation_id = await _in_doubt(world, engine, Fault.LOSE_ANSWER)
    assert await sweep(engine) == 0
    assert await world.reconciled() == {("charge_without_play", operation_id, PRICE)}
    taken = world.ledger.balances[world.house]
    assert await sweep(engine) == 1
    await engine.close()
    assert await world.state(operation_id) == "settled"
    assert world.ledger.balances[world.house] == taken
    assert await world.reconciled() == set()


async def test_an_uncharged_play_is_cancelled(world: World, engine: Engine) -> None:
    """Its debit can no longer be applied: the ledger is asked to bury it, and the player is told."""
    operation_id = await _in_doubt(world, engine, Fault.LOSE_REQUEST)
    assert await sweep(engine) == 0
    assert await world.reconciled() == {("debit_in_doubt", operation_id, PRICE)}
    assert await sweep(engine) == 1
    assert await world.state(operation_id) == "cancelled"
    assert await world.reconciled() == set()


@pytest.mark.parametrize(
    "wrong",
    [
        rows.rejected_play_was_charged,
        rows.cancelled_play_was_charged,
        rows.refused_play_was_charged_late,
    ],
)
async def test_a_play_that_was_charged_after_all_is_stopped(
    wrong: corruptions.Corruption, world: World
) -> None:
    """It goes to review, and the break stays open until somebody has decided."""
    ((kind, operation_id, points),) = await wrong(world)
    assert await world.reconciled() == {(kind, operation_id, points)}
    assert await world.state(operation_id) == "review"
    assert await world.reconciled() == {(kind, operation_id, points)}


async def test_what_stands_in_the_log_is_not_stopped(world: World) -> None:
    """A waiting play has a seat that must be drawn, whoever paid for it; settled ones are what they are."""
    await entries.charge_of_a_waiting_play_is_lost(world)
    await entries.charge_is_lost(world)
    assert len(await world.reconciled()) == 2
    assert await world.state(world.waiting) == "paid"
    assert await world.state(world.debits[0]) == "settled"


async def test_nothing_is_sent_that_was_decided(world: World, engine: Engine) -> None:
    """Whatever else is wrong: no operation is sent again, and none is new."""
    await entries.charge_is_lost(world)
    await rows.prize_was_refused(world)
    await entries.somebody_took_from_the_budget(world)
    before = [*world.ledger.received]
    await world.reconciled(full=True)
    assert (await resend_due(world.resources), await sweep(engine)) == (0, 0)
    assert world.ledger.received == before


async def test_what_has_healed_is_closed_and_may_break_anew(world: World) -> None:
    """A break that is found again keeps its time while it is open, and has a new one after it had healed."""
    await rows.debit_is_held_for_refused(world)
    (first,) = await world.breaks()
    world.clock.advance(5)
    assert await world.breaks() == [first]
    await world.operation("state = 'applied', ledger_seq = 1", world.debits[0])
    assert await world.breaks() == []
    await rows.debit_is_held_for_refused(world)
    (again,) = await world.breaks(full=True)
    assert (again.break_id, again.found_ms) == (first.break_id, world.clock())


async def test_what_is_in_flight_has_its_time(world: World, engine: Engine) -> None:
    """A credit whose answers are lost is no break before the grace is over, and one from then on."""
    world.ledger.faults.append(Fault.LOSE_ANSWER)
    await world.operation("state = 'due', ledger_seq = NULL", world.credits[0])
    granted_ms = await world.resources.pool.fetchval(
        "UPDATE prize_grant SET granted_ms = $1 WHERE entry_index ="
        " (SELECT entry_index FROM operation WHERE operation_id = $2) RETURNING granted_ms",
        world.clock(),
        world.credits[0],
    )
    world.clock.now_ms = granted_ms + GRACE_MS
    assert await world.reconciled() == set()
    world.clock.advance(1)
    assert await world.reconciled() == {("unrecorded", world.credits[0], PRIZE)}
    await engine.close()


async def test_an_uncharged_play_has_its_time(world: World) -> None:
    """A debit may be applied until its time, and its entry is looked for a while longer."""
    await rows.uncharged_play_was_left(world)
    last_ms = world.clock() + GRACE_MS
    await world.play(f"apply_before_ms = {world.clock()}", world.debits[0])
    world.clock.now_ms = last_ms
    assert await world.reconciled() == set()
    world.clock.advance(1)
    assert await world.reconciled() == {("debit_in_doubt", world.debits[0], PRICE)}


async def test_the_step_runs_when_it_is_time(world: World) -> None:
    """One process at a time, again after the interval, and not at all while the ledger is away."""
    world.ledger.reachable = False
    assert await reconcile(world.resources) == 0
    assert await _passes(world) == [None, None]
    world.ledger.reachable = True
    assert await reconcile(world.resources) == 0
    began_ms = world.clock()
    assert await _passes(world) == [began_ms, began_ms]
    world.clock.advance(RECONCILE_MS - 1)
    assert await reconcile(world.resources) == 0
    assert await _passes(world) == [began_ms, began_ms]
    world.clock.advance(1)
    assert await reconcile(world.resources) == 0
    assert await _passes(world) == [began_ms, world.clock()]


async def _passes(world: World) -> list[int | None]:
    rows = await world.resources.pool.fetch("SELECT done_ms FROM reconciliation ORDER BY pass")
    return [row["done_ms"] for row in rows]


async def _in_doubt(world: World, engine: Engine, fault: Fault) -> str:
    """The debit of a play whose outcome nobody knows and whose turn never comes, two graces later."""
    world.ledger.faults.append(fault)
    view = await world.stage.play(engine, world.campaign_id, "ann", "wheel", key="doubt")
    assert view.state == "resolving"
    operation_id = f"play:{view.id}"
    await world.play("next_attempt_ms = 9e15::bigint", operation_id)
    world.clock.advance(2 * GRACE_MS)
    return operation_id
