"""What the command prints, and how it ends."""

import time

import pytest

from tests.simulation.__main__ import report
from tests.simulation.seed import Outcome
from tests.simulation.workers import shrunk


def outcome(seed: int, *wrong: str) -> Outcome:
    """What a seed came to."""
    return Outcome(seed, f"digest {seed}", list(wrong), {"settled": 3, "lost": 1}, 1_800.0, [])


def test_seeds_that_hold_are_summed_up(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0, with the figures of all."""
    assert report([outcome(1), outcome(2)], seeds=2, began=time.monotonic()) == 0
    printed = capsys.readouterr().out
    assert "2 seeds, 0 failed, 1.0 virtual hours" in printed
    assert "6 settled" in printed


def test_a_seed_that_fails_says_how_to_replay_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1, with what was wrong and the line that shows it again, though others held."""
    assert report([outcome(1), outcome(1234, "x: lost")], seeds=2, began=time.monotonic()) == 1
    printed = capsys.readouterr().out
    assert "x: lost" in printed
    assert "make simulate START=1234 SEEDS=1 TRACE=1" in printed


def test_the_digest_is_that_of_every_seed(capsys: pytest.CaptureFixture[str]) -> None:
    """One step that went otherwise in one seed shows in the last line."""
    lines = set()
    for seed in (1, 2):
        report([outcome(seed)], seeds=1, began=time.monotonic())
        lines.add(capsys.readouterr().out.splitlines()[-1])
    assert len(lines) == 2


@pytest.mark.parametrize(("needed", "fewest"), [(0, 0), (1, 1), (3, 4), (9, None)])
def test_a_seed_that_fails_is_tried_with_fewer_events(
    capsys: pytest.CaptureFixture[str], needed: int, fewest: int | None
) -> None:
    """With none, one, two, four …: the first that fails too is in the line that shows it again."""

    def play(events: int) -> Outcome:
        return outcome(7, "x: lost") if events >= needed else outcome(7)

    found = shrunk(outcome(7, "x: lost"), lambda events: play(min(events, 8)))
    assert found.fewest_events == fewest
    report([found], seeds=1, began=time.monotonic())
    replay = "SEEDS=1" if fewest is None else f"SEEDS=1 EVENTS={fewest}"
    assert f"make simulate START=7 {replay} TRACE=1" in capsys.readouterr().out


def test_a_seed_that_holds_is_not_tried_again() -> None:
    """There is nothing to look for."""

    def play(_events: int) -> Outcome:
        raise AssertionError("nobody asked for it")

    assert shrunk(outcome(7), play).fewest_events is None
