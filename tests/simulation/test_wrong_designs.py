"""The harness is tested too: each design that went wrong elsewhere shows within a few seeds."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import pytest

from tests.simulation import wrong
from tests.simulation.faults import Faults
from tests.simulation.scenario import TTLS_MS, Death, Scenario, TopUp, scenario_of
from tests.simulation.seed import play_out
from tests.simulation.setting import PLAYERS, Setting

# The rarest design shows in every tenth seed, and which they are changes with every step that plays take.
SEEDS_MAX = 60

Trouble = Mapping[str, Any]

# Refused at first, able to pay a moment later, while duplicates of the refused are still under way.
LATE: Trouble = {
    "faults": Faults(duplication=0.5, delay_seconds=5.0),
    "points": {},
    "operation_ttl_ms": max(TTLS_MS),
}
# The ledger's clock is behind ours and much comes very late: by its own it may still apply what we gave up.
BEHIND: Trouble = {
    "faults": Faults(delay_seconds=20.0, skew_ms=-30_000),
    "points": dict.fromkeys(PLAYERS, 1_000),
    "operation_ttl_ms": min(TTLS_MS),
}
# Dying is all that goes wrong, and often.
DEADLY: Trouble = {
    "faults": Faults(),
    "deaths": tuple(Death(at_seconds=1.5 * turn, steps=20 + turn, down_seconds=0.1) for turn in range(30)),
}


def found_in(setting: Setting, scenarios: Iterator[Scenario], invariant: str) -> bool:
    """Whether an invariant is violated in one of the first seeds."""
    return any(
        found.startswith(f"{invariant}:")
        for scenario in scenarios
        for found in play_out(setting, scenario).wrong
    )


def seeds(trouble: Trouble | None) -> Iterator[Scenario]:
    """The first seeds as they are, or in trouble that brings a design out."""
    for seed in range(SEEDS_MAX):
        scenario = scenario_of(seed)
        yield scenario if trouble is None else _in_trouble(scenario, trouble)


def _in_trouble(scenario: Scenario, trouble: Trouble) -> Scenario:
    top_ups = tuple(
        TopUp(at_seconds=wish.at_seconds + 1, subject=wish.subject, points=50) for wish in scenario.wishes
    )
    return msgspec.structs.replace(scenario, top_ups=top_ups, **trouble)


@pytest.mark.parametrize(
    ("plant", "trouble", "invariant"),
    [
        (wrong.new_key_per_attempt, None, "nobody_else_moves_our_points"),
        (wrong.timeout_taken_for_failure, None, "refused_are_not_charged"),
        (wrong.lookup_taken_for_never, BEHIND, "refused_are_not_charged"),
        (wrong.blind_refund, None, "nobody_else_moves_our_points"),
        (wrong.refusals_do_not_stick, LATE, "refused_are_not_charged"),
        (wrong.fences_leave_no_tombstone, BEHIND, "refused_are_not_charged"),
        (wrong.no_floor, None, "guarded_are_never_negative"),
        (wrong.nobody_takes_up, None, "in flight after healing"),
        (wrong.events_are_told_apart_by_id_alone, None, "every_event_ended_once"),
        (wrong.done_before_the_work, DEADLY, "progress_is_the_oracles"),
        (wrong.reversals_are_only_noted, None, "progress_is_the_oracles"),
        (wrong.scores_are_never_forgotten, None, "boards_are_the_oracles"),
        (wrong.nobody_asks_again_for_returns, None, "in flight after healing"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_wrong_design_is_found_out(
    setting: Setting,
    monkeypatch: pytest.MonkeyPatch,
    plant: wrong.Plant,
    trouble: Trouble | None,
    invariant: str,
) -> None:
    """A few seeds suffice, and the invariant that speaks up is the one that it violates."""
    plant(monkeypatch)
    assert found_in(setting, seeds(trouble), invariant)
