"""That a ratio which got worse is found, and noise is not."""

import pytest

from tests.bench.check import table
from tests.bench.comparing import FLOORS, Ratios, Verdict, compare, noise_of

STEADY = Ratios(section="Plays", row="256 connections", rate=[0.7, 0.7, 0.7], cpu=[1.5, 1.5, 1.5])


def verdicts(recorded: list[Ratios], now: list[Ratios]) -> list[Verdict]:
    """Of the rates and of the CPU times, row by row."""
    return [each.verdict for each in compare(recorded, now)]


def times(ratios: Ratios, *, rate: float = 1.0, cpu: float = 1.0) -> Ratios:
    """The same multiplied."""
    return Ratios(
        section=ratios.section,
        row=ratios.row,
        rate=[each * rate for each in ratios.rate],
        cpu=[each * cpu for each in ratios.cpu],
    )


def test_what_costs_more_is_found() -> None:
    """A CPU ratio beyond the floor fails, one within it does not."""
    assert verdicts([STEADY], [times(STEADY, cpu=1.05)]) == [Verdict.SAME, Verdict.SAME]
    assert verdicts([STEADY], [times(STEADY, cpu=1.2)]) == [Verdict.SAME, Verdict.WORSE]


def test_what_is_slower_is_found() -> None:
    """A rate that falls is worse, though its number is smaller."""
    assert verdicts([STEADY], [times(STEADY, rate=0.8)]) == [Verdict.SAME, Verdict.SAME]
    assert verdicts([STEADY], [times(STEADY, rate=0.6)]) == [Verdict.WORSE, Verdict.SAME]


def test_what_got_better_is_to_be_recorded() -> None:
    """An improvement passes, with a hint: the next regression would hide behind the old record."""
    better = times(STEADY, rate=1.5, cpu=0.5)
    assert verdicts([STEADY], [better]) == [Verdict.BETTER, Verdict.BETTER]
    assert "record it anew" in table(compare([STEADY], [better]))[-1]


def test_noise_is_what_the_recorded_rounds_did() -> None:
    """Rounds that differed allow more; one that stands out alone does not."""
    assert noise_of(STEADY.cpu, "cpu") == FLOORS["cpu"]
    assert noise_of([1.0, 1.0, 1.0, 1.0, 9.0], "cpu") == FLOORS["cpu"]
    assert noise_of([0.9, 1.0, 1.1], "cpu") == pytest.approx(FLOORS["cpu"] + 3 * 0.14826)


def test_a_row_that_is_measured_no_more_is_told() -> None:
    """It fails: what nobody measures nobody guards."""
    assert verdicts([STEADY], []) == [Verdict.MISSING, Verdict.MISSING]
    assert "NOT MEASURED" in table(compare([STEADY], []))[-1]


def test_a_row_that_was_never_recorded_is_told() -> None:
    """It passes until it is recorded."""
    findings = compare([], [STEADY])
    assert [each.verdict for each in findings] == [Verdict.NEW, Verdict.NEW]
    assert [each.recorded for each in findings] == [None, None]
