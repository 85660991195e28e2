"""The harness is tested too: each design that went wrong elsewhere shows within a few seeds."""

from collections.abc import Iterator

import msgspec
import pytest

from tests.simulation import wrong
from tests.simulation.faults import Faults
from tests.simulation.scenario import TTLS_MS, Scenario, TopUp, scenario_of
from tests.simulation.seed import play_out
from tests.simulation.setting import PLAYERS, Setting

SEEDS_MAX = 20

LATE = Faults(loss=0.2, reply_loss=0.3, duplication=0.5, delay_seconds=5.0)
# The ledger's clock is behind ours and most comes late: by its own time it may still apply what we gave up.
BEHIND = Faults(loss=0.1, delay_seconds=5.0, skew_ms=-30_000)


def found_in(setting: Setting, scenarios: Iterator[Scenario], invariant: str) -> bool:
    """Whether an invariant is violated in one of the first seeds."""
    for scenario in scenarios:
        if any(found.startswith(f"{invariant}:") for found in play_out(setting, scenario).wrong):
            return True
    return False


def seeds(faults: Faults | None) -> Iterator[Scenario]:
    """The first seeds as they are, or under faults that bring a design out."""
    for seed in range(SEEDS_MAX):
        scenario = scenario_of(seed)
        yield scenario if faults is None else _under(scenario, faults)


def _under(scenario: Scenario, faults: Faults) -> Scenario:
    """Players who are short of points at first and have some a moment later; time is short too."""
    top_ups = tuple(
        TopUp(at_seconds=wish.at_seconds + 1, subject=wish.subject, points=50) for wish in scenario.wishes
    )
    short = dict.fromkeys(PLAYERS, 10)
    return msgspec.structs.replace(
        scenario, faults=faults, points=short, top_ups=top_ups, operation_ttl_ms=min(TTLS_MS)
    )


@pytest.mark.parametrize(
    ("plant", "faults", "invariant"),
    [
        (wrong.new_key_per_attempt, None, "nobody_else_moves_our_points"),
        (wrong.timeout_taken_for_failure, None, "refused_are_not_charged"),
        (wrong.lookup_taken_for_never, None, "refused_are_not_charged"),
        (wrong.blind_refund, None, "nobody_else_moves_our_points"),
        (wrong.refusals_do_not_stick, LATE, "refused_are_not_charged"),
        (wrong.fences_leave_no_tombstone, BEHIND, "refused_are_not_charged"),
        (wrong.no_floor, None, "guarded_are_never_negative"),
        (wrong.nobody_takes_up, None, "in flight after healing"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_wrong_design_is_found_out(
    setting: Setting,
    monkeypatch: pytest.MonkeyPatch,
    plant: wrong.Plant,
    faults: Faults | None,
    invariant: str,
) -> None:
    """A few seeds suffice, and the invariant that speaks up is the one that it violates."""
    plant(monkeypatch)
    assert found_in(setting, seeds(faults), invariant)
