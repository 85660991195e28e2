"""Every state of the model: our design holds in all of them, and every wrong one is found out.

`pytest tests/model -s` shows how each wrong one fails, by a shortest way.
"""

import time
from typing import get_args

import pytest

from game.plays.rules import FINISHED, State
from tests.model import decisions, wrong
from tests.model.checker import check
from tests.model.design import Design, WithoutFence
from tests.model.play import Heard
from tests.model.world import World
from tests.model.worlds import WORLDS

ONE, WINNING, WAITING, TWO = WORLDS
STUCK = "stuck: nothing takes it on"
CIRCLE = "stuck: the last 3 steps go round in a circle"
ROWS = {"absent", *get_args(State)}


@pytest.mark.parametrize(
    ("name", "states_min"), [(ONE, 900), (WINNING, 50_000), (WAITING, 50_000), (TWO, 250_000)], ids=WORLDS
)
def test_our_design_holds(name: str, states_min: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is lost, doubled or told wrong in any state, and from each all ways lead to an end."""
    began = time.process_time()
    verdict = check(World(WORLDS[name], Design()))
    seconds = time.process_time() - began
    with capsys.disabled():
        print(f"\n{name}: {verdict.states:,} states, {verdict.steps:,} steps, {seconds:.1f} s")
    assert verdict.wrong is None, verdict
    assert verdict.states >= states_min


@pytest.mark.parametrize(("name", "states_min"), [(ONE, 900), (WINNING, 50_000)])
def test_our_design_needs_no_fence(name: str, states_min: int) -> None:
    """It holds as well where what is overdue is looked up until the answer is final."""
    verdict = check(World(WORLDS[name], WithoutFence()))
    assert verdict.wrong is None, verdict
    assert verdict.states >= states_min


@pytest.mark.parametrize(
    ("design", "name", "found"),
    [
        (wrong.NewKeyPerAttempt, WINNING, "play 1: charged twice"),
        (wrong.TimeoutTakenForFailure, WINNING, "play 1: told rejected, and charged"),
        (wrong.RefusalNotSticky, ONE, "play 2: told rejected, and charged"),
        (wrong.BlindRefundOnTimeout, WINNING, "play 1: given back without having been charged"),
        (wrong.CancelWithoutTombstone, WINNING, "play 1: told cancelled, and charged"),
        (wrong.NotFoundTakenForNever, WINNING, "play 1: told cancelled, and charged"),
        (wrong.FloorOnTheNet, TWO, "an account fell below zero"),
        (wrong.CreditByANewKey, WINNING, "play 1: its prize is credited twice"),
        (wrong.CreditSentOnce, WINNING, STUCK),
        (wrong.SettledWithoutComparing, WINNING, "play 1: drawn twice"),
        (wrong.NobodySweeps, WINNING, STUCK),
        (wrong.NoResending, WINNING, STUCK),
        (wrong.ExpiredTakenForUnknown, ONE, CIRCLE),
    ],
)
def test_a_wrong_design_is_found_out(design: type[Design], name: str, found: str) -> None:
    """Each differs from ours in one decision, and fails as it did elsewhere."""
    verdict = check(World(WORLDS[name], design()))
    print(f"\n{design.__name__}: {design.__doc__}\n{verdict}")
    assert verdict.wrong == found


def test_the_model_comes_to_all_that_there_is() -> None:
    """Every state of a play but the one that must never be, and every outcome that the ledger has."""
    world = World(WORLDS[ONE], Design())
    check(world)
    parts = list(world.parts())
    assert {part.row for part in parts} == ROWS - {"review"}
    heard = {slot.outcome for part in parts for slot in part.slots if isinstance(slot, Heard)}
    assert heard == decisions.RECORDS.keys()


def test_sweepers_and_clients_take_up_the_same_plays() -> None:
    """The model has one step for both: whatever is not finished."""
    assert set(get_args(State)) - FINISHED == decisions.SWEPT
