"""A process dies at a step, and in the next run at a later one: wherever it was, the end is the oracle's.

A step is what runs between two awaits: statements to the database, calls to the ledger, and all around them.
"""

import msgspec
import pytest

from tests.simulation.faults import Faults
from tests.simulation.scenario import COPIES, SENDERS, Death, Scenario, Telling, scenario_of
from tests.simulation.seed import play_out
from tests.simulation.setting import IDLE, TASKS_OPEN_MS, Setting
from tests.story.tale import Tale, tale_of

# Its events complete all tasks, and those that are taken back had earned every kind of reward.
TALE = tale_of("every step 2395", subjects=IDLE, events=14, opens_ms=TASKS_OPEN_MS)
TOLD_SECONDS = 0.5
ARMED_SECONDS, DECIDED_SECONDS, REVERSED_SECONDS, CALM_SECONDS = 1.0, 4.0, 8.0, 14.0
DECISIONS = 10
STRIDE, STEPS_MAX = 13, 20_000
SOME = range(40, 3_000, 330)


def tellings(tale: Tale) -> tuple[Telling, ...]:
    """Events at first, five times by each of both senders; what is taken back once it was rewarded."""
    return tuple(
        Telling(
            name=name,
            by=by,
            copy=copy,
            at_seconds=(REVERSED_SECONDS if name.endswith("!") else TOLD_SECONDS) + copy / 10,
        )
        for name in tale.bodies
        for by in SENDERS
        for copy in range(COPIES)
    )


def dying(steps: int) -> Scenario:
    """Nothing goes wrong but that a process dies so many steps after all was told."""
    return msgspec.structs.replace(
        scenario_of(0),
        faults=Faults(),
        wishes=(),
        tale=TALE,
        tellings=tellings(TALE),
        decisions=tuple(DECIDED_SECONDS + nth / 5 for nth in range(DECISIONS)),
        deaths=(Death(at_seconds=ARMED_SECONDS, steps=steps, down_seconds=0.1),),
        calm_seconds=CALM_SECONDS,
    )


def has_died(setting: Setting, steps: int) -> bool:
    """Whether there was such a step; AssertionError where the end is another one for it."""
    outcome = play_out(setting, dying(steps))
    assert not outcome.wrong, f"{steps} steps\n" + "\n".join(outcome.wrong)
    return bool(outcome.figures["crashes"])


@pytest.mark.parametrize("steps", SOME)
def test_killed_at_a_step(setting: Setting, steps: int) -> None:
    """A few of them in every run of the tests."""
    assert has_died(setting, steps)


@pytest.mark.slow
def test_killed_at_many_steps(setting: Setting) -> None:
    """From the first event to the last that is taken back, and on until its points have returned."""
    steps = 1
    while steps < STEPS_MAX and has_died(setting, steps):
        steps += STRIDE
    assert SOME[-1] < steps < STEPS_MAX
