"""Many tests at once, and intervals."""

import numpy as np
import pytest
from scipy import stats

from game.fit.families import false_discovery_rates, holm
from game.fit.intervals import clopper_pearson


def test_holm_is_rs() -> None:
    """As R has it: p.adjust(c(0.01, 0.02, 0.03, 0.005), "holm")."""
    assert holm([0.01, 0.02, 0.03, 0.005]) == pytest.approx([0.03, 0.04, 0.04, 0.02])
    assert holm([0.7, 0.6]) == pytest.approx([1, 1])
    assert holm([]).tolist() == []


def test_false_discoveries_are_rs() -> None:
    """As R has it: p.adjust(c(0.01, 0.02, 0.03, 0.005), "BY")."""
    rates = false_discovery_rates([0.01, 0.02, 0.03, 0.005])
    assert rates == pytest.approx([0.0416667, 0.0555556, 0.0625, 0.0416667], abs=1e-6)


def test_intervals_are_rs() -> None:
    """As R has it: binom.test(7, 20)$conf.int."""
    low, high = clopper_pearson([7], 20, confidence=0.95)
    assert (low[0], high[0]) == pytest.approx((0.1539092, 0.5921885), abs=1e-6)


def test_intervals_at_their_ends() -> None:
    """None and all have one end each; without a draw anything may be."""
    low, high = clopper_pearson([0, 20], 20, confidence=0.95)
    assert (low[0], high[1]) == (0, 1)
    assert high[0] == pytest.approx(1 - 0.025 ** (1 / 20))
    low, high = clopper_pearson([0], 0, confidence=0.95)
    assert (low[0], high[0]) == (0, 1)


def test_intervals_of_a_table_hold_together() -> None:
    """Of 500 fair pools, at least 95 % have all their rows' odds within the intervals."""
    random, odds = np.random.default_rng(11), np.array([0.02, 0.08, 0.9])
    held = 0
    for counts in random.multinomial(400, odds, size=500):
        low, high = clopper_pearson(counts, 400, confidence=0.95, together=3)
        held += bool(((low <= odds) & (odds <= high)).all())
    assert held >= 0.95 * 500
    single = stats.binomtest(int(counts[0]), 400).proportion_ci(0.95)
    assert low[0] < single.low
    assert high[0] > single.high
