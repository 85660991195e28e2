"""Seeds hold, are what they were, and differ; together they meet with everything that may go wrong."""

import hashlib
import os
import subprocess
import sys
from collections import Counter

import msgspec
import pytest

from tests.simulation.scenario import scenario_of
from tests.simulation.seed import Outcome, play_out
from tests.simulation.setting import Setting

SEEDS_PER_TEST = 10
SEED = 5
COMMAND = [
    sys.executable, "-P", "-m", "tests.simulation", "--start", f"{SEED}", "--seeds", "1", "--workers", "1"
]  # fmt: skip


def outcome_of(setting: Setting, seed: int) -> Outcome:
    """What a seed comes to, with everything that happened."""
    return play_out(setting, scenario_of(seed), keeps_trace=True)


@pytest.mark.parametrize("first", range(0, 80, SEEDS_PER_TEST))
def test_all_books_agree_after_every_seed(setting: Setting, first: int) -> None:
    """Nothing is lost or doubled whatever happens, and all comes to its end once it stops happening."""
    for seed in range(first, first + SEEDS_PER_TEST):
        wrong = play_out(setting, scenario_of(seed)).wrong
        assert not wrong, f"make simulate START={seed} SEEDS=1 TRACE=1\n" + "\n".join(wrong)


def test_the_same_seed_is_the_same_again(setting: Setting) -> None:
    """Step for step and byte for byte, whether the steps are kept or not; another seed is another story."""
    first, again, other = (outcome_of(setting, seed) for seed in (1, 1, 2))
    hashed = play_out(setting, scenario_of(1))
    assert first.trace == again.trace
    assert first.trace
    assert not hashed.trace
    assert first.digest == again.digest == hashed.digest
    assert first.digest != other.digest


def test_a_seed_is_the_same_in_another_process(setting: Setting) -> None:
    """A failure that CI prints can be replayed elsewhere: no hash seed and no earlier seed plays a part."""
    environment = os.environ | {"PYTHONHASHSEED": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(COMMAND, capture_output=True, text=True, check=True, env=environment)
    ours = hashlib.sha256(play_out(setting, scenario_of(SEED)).digest.encode()).hexdigest()
    assert done.stdout.splitlines()[-1] == f"digest {ours}"


def test_seeds_meet_with_everything(setting: Setting) -> None:
    """A few seeds together crash, lose, duplicate, doubt, settle, reject, cancel, reward and take back."""
    figures = Counter[str]()
    for seed in (0, 2, 4, 5, 7):
        figures.update(outcome_of(setting, seed).figures)
    expected = {"crashes", "lost", "duplicated", "restarts", "unknown", "settled", "rejected", "cancelled"}
    expected |= {"events stored", "events duplicate", "rewards given", "rewards returned"}
    assert expected <= {name for name, count in figures.items() if count}


def test_every_fault_comes_up_and_every_fault_stays_away() -> None:
    """Among a hundred seeds each kind of fault is drawn often, and often not."""
    faults = [msgspec.structs.asdict(scenario_of(seed).faults) for seed in range(100)]
    for name in faults[0]:
        there = sum(bool(each[name]) and each[name] != 0.05 for each in faults)
        assert 10 <= there <= 90, name
