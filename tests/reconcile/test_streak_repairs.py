"""Repairs of streaks against the ledger's entries: found where they differ, driven on where that helps."""

from typing import Any

import pytest
import pytest_asyncio

from game.ledger.comparing import GRACE_MS
from game.ledger.explaining import explain
from game.resources import Resources
from game.tasks.repairing import CLAIM_MAX, sweep_repairs
from ledger_client.testing import FakeLedger
from tests.invariants.streak_scene import keep_streaks
from tests.reconcile.world import World
from tests.support.pools import pool, row
from tests.support.service import ManualClock
from tests.support.stage import Stage

pytestmark = pytest.mark.asyncio

PRICE = 50
_OF_GUS = "WHERE player_id = (SELECT player_id FROM player WHERE subject = 'gus')"


@pytest_asyncio.fixture
async def kept(resources: Resources, ledger: FakeLedger, clock: ManualClock) -> World:
    """A campaign in which gus repaired a day, hal one for nothing, and ida had no points."""
    stage = Stage(resources, ledger, clock)
    campaign_id = await stage.launch(pool("wheel", row("coin", "points", 1, weight=1), draws_cap=10))
    await keep_streaks(stage, campaign_id)
    clock.advance(2 * GRACE_MS)
    return World(stage, campaign_id)


async def _debit(world: World) -> str:
    """The operation of gus's repair."""
    found = "SELECT operation_id FROM operation JOIN streak_repair USING (campaign_id, repair_id)"
    return str(await world.resources.pool.fetchval(f"{found} {_OF_GUS}"))


async def test_what_agrees_is_no_break(kept: World) -> None:
    """Charged, refunded and refused repairs, in both passes."""
    assert await kept.reconciled() == set()
    assert await kept.reconciled(full=True) == set()


async def test_a_charge_that_the_ledger_lost(kept: World) -> None:
    """We hold it for applied."""
    debit = await _debit(kept)
    kept.erase(debit)
    assert await kept.reconciled() == {("ours_only", debit, PRICE)}


async def test_a_repair_that_was_told_to_be_cancelled(kept: World) -> None:
    """It was charged: a person has to answer, until it agrees again."""
    debit = await _debit(kept)
    await kept.execute(f"UPDATE streak_repair SET state = 'cancelled', refusal = '{{}}' {_OF_GUS}")
    await kept.operation("state = 'fenced', ledger_seq = NULL", debit)
    assert await kept.reconciled() == {("charge_without_repair", debit, PRICE)}
    await kept.execute(f"UPDATE streak_repair SET state = 'applied', refusal = NULL {_OF_GUS}")
    await kept.operation("state = 'applied', ledger_seq = 1", debit)
    assert await kept.reconciled() == set()


async def test_a_repair_that_counts_and_was_never_charged(kept: World) -> None:
    """Its debit is nowhere."""
    debit = await _debit(kept)
    kept.erase(debit)
    await kept.operation("state = 'due', ledger_seq = NULL", debit)
    assert await kept.reconciled() == {("repair_without_charge", debit, PRICE)}


async def test_a_repair_in_doubt_is_driven_on(kept: World, resources: Resources) -> None:
    """Reconciliation finds it charged and wakes it; the sweeper has the ledger say so."""
    debit = await _debit(kept)
    far = f"next_attempt_ms = {2**53}"
    await kept.execute(f"UPDATE streak_repair SET state = 'resolving', finished_ms = NULL, {far} {_OF_GUS}")
    await kept.operation("state = 'due', ledger_seq = NULL", debit)
    assert await kept.reconciled() == {("charge_without_repair", debit, PRICE)}
    assert await sweep_repairs(resources, CLAIM_MAX) == 1
    assert await kept.reconciled() == set()


async def test_it_is_explained(kept: World, resources: Resources) -> None:
    """By the id of the operation, and by that of the repair."""
    debit = await _debit(kept)
    asked: list[Any] = [await explain(resources, id_, brand_id="acme") for id_ in (debit, debit[7:])]
    for found in asked:
        assert (found.play, found.reward, found.repair.price_points) == (None, None, PRICE)
        assert [each.operation_id for each in found.operations] == [debit]
