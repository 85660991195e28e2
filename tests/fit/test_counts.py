"""Counts against weights."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from game.fit.counts import CHI_SQUARE_TRUSTED, chi_square_chance, exact_chance, fit_counts
from game.fit.fits import Fit

WHEEL = [1, 9, 90, 900]


def brute_force(counts: tuple[int, ...], odds: list[float]) -> float:
    """The multinomial test by its definition, over all sequences of draws."""
    draws = sum(counts)
    chance_of: dict[tuple[int, ...], float] = {}
    for rows in itertools.product(range(len(odds)), repeat=draws):
        outcome = tuple(rows.count(row) for row in range(len(odds)))
        chance_of[outcome] = chance_of.get(outcome, 0.0) + math.prod(odds[row] for row in rows)
    return math.fsum(chance for chance in chance_of.values() if chance <= chance_of[counts] * (1 + 1e-9))


@pytest.mark.parametrize("counts", [(5, 0, 0), (0, 5, 0), (1, 1, 3), (0, 0, 5), (2, 1, 2)])
def test_few_draws_are_tested_exactly(counts: tuple[int, ...]) -> None:
    """The same chance as by looking at every sequence of draws."""
    odds = [0.1, 0.25, 0.65]
    assert exact_chance(np.array(counts), np.array(odds)) == pytest.approx(brute_force(counts, odds))
    assert fit_counts(counts, [10, 25, 65]).method == "exact"


@pytest.mark.parametrize("wins", range(8))
def test_two_rows_are_the_exact_binomial(wins: int) -> None:
    """With two rows it is SciPy's binomial test."""
    assert fit_counts([wins, 7 - wins], [3, 7]).p == pytest.approx(stats.binomtest(wins, 7, 0.3).pvalue)


def test_many_draws_are_pearsons_test() -> None:
    """Mendel's peas: 315, 108, 101 and 32 at 9:3:3:1 have chi-square 0.470 and p 0.9254."""
    fit = fit_counts([315, 108, 101, 32], [9, 3, 3, 1])
    assert (fit.method, fit.draws, round(fit.p, 4)) == ("chi-square", 556, 0.9254)
    expected = np.array([9, 3, 3, 1]) / 16 * 556
    assert fit.p == pytest.approx(stats.chisquare([315, 108, 101, 32], expected).pvalue)


def test_a_row_that_cannot_be_is_never_fair() -> None:
    """One pick of a row without weight is proof enough, whatever the others are."""
    assert fit_counts([1, 99], [0, 100]) == Fit("impossible", 100, 0.0)
    assert fit_counts([0, 99], [0, 100]).p == 1


def test_nothing_drawn_and_one_row_fit() -> None:
    """There is nothing to see."""
    assert fit_counts([0, 0], [1, 1]).p == 1
    assert fit_counts([10**6], [7]).p == 1


def test_a_rare_row_is_seen_among_many_draws() -> None:
    """Five jackpots of one in a million in 10^5 draws: that row alone gives it away."""
    tail = stats.binom.sf(4, 10**5, 1e-6)
    fit = fit_counts([5, 49_995, 50_000], [1, 500_000, 499_999])
    assert fit.p == pytest.approx(2 * 2 * tail, rel=1e-6)


def test_rare_rows_together_are_seen() -> None:
    """A hundred rows, none of them expected even once in 100 draws, and all draws among ten of them."""
    counts = [10] * 10 + [0] * 90
    assert fit_counts([*counts, 0], [1] * 100 + [100]).p < 1e-9


@pytest.mark.parametrize("draws", [200, 2_000])
def test_the_far_tail_is_never_too_small(draws: int) -> None:
    """Where chi-square would claim 10^-30 the chance stays above the exact one."""
    odds = 5 / draws
    for wins in range(20, 60, 5):
        counts, expected = np.array([wins, draws - wins]), np.array([5.0, draws - 5.0])
        exact = stats.binomtest(wins, draws, odds).pvalue
        assert chi_square_chance(counts, expected) >= exact
        assert chi_square_chance(counts, expected) < CHI_SQUARE_TRUSTED


def test_fair_pools_are_rarely_suspected() -> None:
    """Of 2,000 fair pools of many sizes hardly more than the share a have p <= a."""
    random = np.random.default_rng(1)
    chances = np.array(
        [
            fit_counts(random.multinomial(draws, np.array(WHEEL) / 1000), WHEEL).p
            for draws in (20, 200, 5_000, 100_000)
            for _ in range(500)
        ]
    )
    for alarm in (0.5, 0.1, 0.05, 0.01):
        assert np.mean(chances <= alarm) <= alarm + 3 * math.sqrt(alarm / len(chances))
    assert np.mean(chances[-1000:] <= 0.5) > 0.4


def test_a_bias_of_stated_size_is_found_as_often_as_computed() -> None:
    """Odds of 10 % that are 11 % in truth, 20,000 draws: the power is that of the non-central chi-square."""
    random, draws = np.random.default_rng(2), 20_000
    found = [fit_counts(random.multinomial(draws, [0.11, 0.89]), [1, 9]).p <= 0.01 for _ in range(400)]
    noncentral = draws * (0.01**2 / 0.1 + 0.01**2 / 0.9)
    power = stats.ncx2.sf(stats.chi2.isf(0.01, 1), 1, noncentral)
    assert np.mean(found) == pytest.approx(power, abs=0.06)


def test_rows_that_are_all_rare_are_tested_one_by_one() -> None:
    """300 rows in 100 draws, of which one comes eight times: expected is a third."""
    fit = fit_counts([8] + [1] * 92 + [0] * 207, [1] * 300)
    assert fit.p == pytest.approx(301 * 2 * stats.binom.sf(7, 100, 1 / 300))


def test_the_bound_says_nothing_near_its_edge() -> None:
    """Just under the trusted chance, with many rows, the bound is 1, and what is trusted is what is said."""
    expected = np.full(41, 100.0)
    counts = expected + 14.0 * np.array([1, -1] * 20 + [0])
    assert stats.chisquare(counts, expected).pvalue < CHI_SQUARE_TRUSTED
    assert chi_square_chance(counts, expected) == CHI_SQUARE_TRUSTED
