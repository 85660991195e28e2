"""Draws that were refused against those that were drawn."""

import numpy as np
import pytest
from scipy import stats

from game.fit.refused import fit_refused


def test_it_is_fishers_exact_test() -> None:
    """The lady tasting tea: three of four cups right has p 0.2429; with two rows it is asked twice."""
    fit = fit_refused([3, 1], [1, 3])
    assert fit.p == pytest.approx(2 * 0.2429, abs=1e-4)
    table = stats.fisher_exact(np.array([[3, 1], [1, 3]]), alternative="greater")
    assert fit.p == pytest.approx(2 * table.pvalue)


def test_a_suppressed_row_is_named() -> None:
    """A jackpot that never comes when it is drawn and comes three times where it was refused."""
    fit = fit_refused([3, 20, 977], [0, 2_000, 98_000])
    assert (fit.at, fit.p < 1e-5) == (0, True)


def test_wins_that_are_suppressed_alike_are_seen_together() -> None:
    """Eight rows, each a little too often among the refused: index 8 is all of them."""
    fit = fit_refused([6] * 8 + [152], [100] * 8 + [9_200])
    assert (fit.at, fit.p < 1e-6) == (8, True)


def test_fewer_wins_among_the_refused_is_no_suspicion() -> None:
    """One side only: nobody is harmed by a refused loss."""
    assert fit_refused([0, 500], [500, 9_500]).p == 1


def test_nothing_was_refused() -> None:
    """And a table of one row has no wins."""
    assert fit_refused([0, 0], [5, 5]).p == 1
    assert fit_refused([5], [5]).p == 1
    assert fit_refused([0], [0]).p == 1


def test_honest_refusals_are_rarely_suspected() -> None:
    """Of 500 fair pools at most the share a has p <= a."""
    random = np.random.default_rng(10)
    odds = [0.01, 0.09, 0.9]
    chances = [
        fit_refused(random.multinomial(200, odds), random.multinomial(5_000, odds)).p for _ in range(500)
    ]
    assert np.mean(np.array(chances) <= 0.05) <= 0.06
