"""Draws that know of the ones before."""

import itertools

import numpy as np
import pytest

from game.fit.rolling import fit_windows
from game.fit.serial import MAX_KINDS, fit_pairs, fit_runs, kinds

ODDS = np.array([0.1, 0.2, 0.7])


def pairs_of(picks: np.ndarray) -> np.ndarray:
    """How often each kind follows each, pairs that share nothing."""
    pairs = np.zeros((3, 3), np.int64)
    np.add.at(pairs, (picks[:-1:2], picks[1::2]), 1)
    return pairs


def runs_of(wins: np.ndarray) -> int:
    """How often a win follows no win."""
    return int(wins[0] + np.sum(wins[1:] & ~wins[:-1]))


def sticky(random: np.random.Generator, draws: int, stickiness: float) -> np.ndarray:
    """Picks with these odds of which a share repeats the one before."""
    picks = random.choice(3, draws, p=ODDS)
    for index in np.flatnonzero(random.random(draws) < stickiness):
        picks[index] = picks[index - 1] if index else picks[index]
    return picks


def test_runs_are_counted_exactly() -> None:
    """Against all orders of four wins and five losses."""
    orders = [np.isin(np.arange(9), wins) for wins in itertools.combinations(range(9), 4)]
    runs = np.array([runs_of(order) for order in orders])
    for observed in range(1, 5):
        both = min(np.mean(runs <= observed), np.mean(runs >= observed))
        p = fit_runs(wins=4, losses=5, runs=observed).p
        assert p == pytest.approx(min(1, 2 * both))


def test_nothing_but_wins_has_no_order() -> None:
    """One run, or none, says nothing."""
    assert fit_runs(wins=5, losses=0, runs=1).p == 1
    assert fit_runs(wins=0, losses=5, runs=0).p == 1


def test_honest_draws_are_rarely_suspected_of_memory() -> None:
    """Of 400 fair logs at most about the share a has p <= a, by pairs and by runs."""
    random = np.random.default_rng(3)
    logs = [random.choice(3, 1_000, p=ODDS) for _ in range(400)]
    runs = [
        fit_runs(wins=int(np.sum(log < 2)), losses=int(np.sum(log == 2)), runs=runs_of(log < 2)).p
        for log in logs
    ]
    pairs = [fit_pairs(pairs_of(log), [1, 2, 7]).p for log in logs]
    assert np.mean(np.array(runs) <= 0.05) <= 0.08
    assert np.mean(np.array(pairs) <= 0.05) <= 0.08


def test_draws_that_repeat_themselves_are_found() -> None:
    """Odds as published, but every tenth draw is the one before again."""
    log = sticky(np.random.default_rng(4), 20_000, 0.1)
    assert fit_pairs(pairs_of(log), [1, 2, 7]).p < 1e-9
    wins = log < 2
    assert fit_runs(wins=int(wins.sum()), losses=int((~wins).sum()), runs=runs_of(wins)).p < 1e-9


def test_rare_rows_share_one_kind() -> None:
    """The likeliest rows have a kind each, whatever their place; equal ones in the order of the table."""
    assert kinds([1, 5, 5, 9]).tolist() == [3, 1, 2, 0]
    assert kinds(list(range(30))).max() == MAX_KINDS - 1
    assert np.bincount(kinds(list(range(30))))[-1] == 30 - MAX_KINDS + 1


def test_a_window_that_does_not_fit_is_found() -> None:
    """Twenty windows, of which one has other odds; all together they hide it."""
    random = np.random.default_rng(5)
    windows = random.multinomial(1_000, ODDS, size=20)
    assert fit_windows(windows, [1, 2, 7]).p > 0.01
    windows[7] = random.multinomial(1_000, [0.2, 0.2, 0.6])
    fit = fit_windows(windows, [1, 2, 7])
    assert (fit.at, fit.draws, fit.p < 1e-9) == (7, 20_000, True)


def test_no_window_fits() -> None:
    """A pool that has just opened has none."""
    assert fit_windows([], [1, 2, 7]).p == 1
