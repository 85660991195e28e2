"""Each invariant is tripped by a planted fault, and none by a run in which all went well."""

from typing import Final

import pytest

from tests.invariants import (
    faults_in_answers,
    faults_in_badges,
    faults_in_boards,
    faults_in_books,
    faults_in_gifts,
    faults_in_rewards,
    faults_in_rows,
    faults_in_streaks,
)
from tests.invariants.check import ALWAYS, violations
from tests.invariants.flight import AT_REST
from tests.invariants.plants import Plant, planted_in
from tests.invariants.scene import FeedOnly, Scene

MODULES: Final = (
    faults_in_books,
    faults_in_answers,
    faults_in_rows,
    faults_in_rewards,
    faults_in_gifts,
    faults_in_badges,
    faults_in_boards,
    faults_in_streaks,
)
PLANTS: Final = tuple(plant for module in MODULES for plant in planted_in(module))


@pytest.mark.asyncio
async def test_a_clean_run_violates_nothing(scene: Scene) -> None:
    """Not even what holds only once all is over: what waits for a beacon round is not in flight."""
    assert await scene.violations() == []


@pytest.mark.asyncio
@pytest.mark.parametrize("planted", PLANTS, ids=lambda planted: planted.name)
async def test_a_fault_trips_its_invariants(scene: Scene, planted: Plant) -> None:
    """Those at fault say so by their names, and no other says anything."""
    await planted.plant(scene)
    found = await scene.violations()
    assert {says.split(":")[0] for says in found} == planted.trips, "\n".join(found)


def test_every_invariant_is_tripped() -> None:
    """None is without a fault that it finds."""
    tripped = {name for plant in PLANTS for name in plant.trips}
    assert {invariant.__name__ for invariant in (*ALWAYS, *AT_REST)} == tripped


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "planted",
    [plant for plant in PLANTS if plant.trips <= {invariant.__name__ for invariant in AT_REST}],
    ids=lambda planted: planted.name,
)
async def test_what_is_under_way_may_be_allowed(scene: Scene, planted: Plant) -> None:
    """Before the end nothing of that is a fault."""
    await planted.plant(scene)
    assert await scene.violations(in_flight_allowed=True) == []


@pytest.mark.asyncio
async def test_a_ledger_without_balances_is_checked_by_its_entries(scene: Scene) -> None:
    """A player who owes points is found by the feed alone."""
    await faults_in_books.a_player_owes_points.plant(scene)
    found = await violations(
        scene.resources.pool, FeedOnly(scene.books), campaign_ids=[scene.campaign_id], told=scene.told
    )
    assert {says.split(":")[0] for says in found} == {"guarded_are_never_negative"}


@pytest.mark.asyncio
async def test_only_the_first_findings_of_an_invariant_are_told(scene: Scene) -> None:
    """However many more there are."""
    for _ in range(30):
        scene.post("gift", "player:acme.eve", "player:acme.eve")
    found = await scene.violations()
    assert len([says for says in found if says.startswith("legs_sum_to_zero")]) == 10
