"""Evidence that may be looked at all the time: rarely wrong about honest pools, and quick about others."""

import subprocess
import sys
from math import exp, inf, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multinomial

from game.fit.eprocess import ALARM, ALPHA, FALSE_ALARMS_A_YEAR, interval, log_evidence
from tests.fit.simulated import first_alarm, log_evidences, looked_at

WEIGHTS = [3, 500, 2_497, 7_000]
ODDS = [weight / 10_000 for weight in WEIGHTS]


@given(st.lists(st.integers(0, 100_000), min_size=4, max_size=4))
def test_an_independent_formula_says_the_same(counts: list[int]) -> None:
    """scipy's, over arrays."""
    assert log_evidence(counts, WEIGHTS) == pytest.approx(
        float(log_evidences(np.array(counts), WEIGHTS)), rel=1e-9, abs=1e-6
    )


@pytest.mark.parametrize("draws", [1, 7])
def test_the_expected_evidence_is_one(draws: int) -> None:
    """Over all that so many draws can come to: what Ville's inequality rests on."""
    found = [
        (first, second, draws - first - second)
        for first in range(draws + 1)
        for second in range(draws + 1 - first)
    ]
    chances = multinomial.pmf(found, draws, [0.1, 0.2, 0.7])
    evidence = [exp(log_evidence(counts, [1, 2, 7])) for counts in found]
    assert sum(chances * evidence) == pytest.approx(1)


def test_what_cannot_be_is_beyond_doubt() -> None:
    """A row of weight 0 that was picked; one that is not picked says nothing."""
    assert log_evidence([0, 9, 1], [0, 9, 1]) < 1
    assert log_evidence([1, 9, 1], [0, 9, 1]) == inf
    assert log_evidence([5], [1]) == pytest.approx(0)


def test_honest_pools_raise_no_more_alarms_than_the_budget() -> None:
    """10,000 weeks of a pool with 10,000 draws, looked at a hundred times each."""
    counts = looked_at(ODDS, pools=10_000, looks=100, draws_per_look=100, seed=32)
    greatest = log_evidences(counts, WEIGHTS).max(axis=1)
    assert (greatest >= ALARM).sum() == 0
    for chance in (0.1, 0.01, 0.001):
        assert (greatest >= -log(chance)).mean() <= chance
    assert pytest.approx(FALSE_ALARMS_A_YEAR) == ALPHA * 3 * 10_000


@pytest.mark.parametrize(
    ("true", "within"),
    [
        ([0.0003, 0.10, 0.2497, 0.65], 1_500),
        ([0.0003, 0.06, 0.2497, 0.69], 31_000),
        ([0.0003, 0.045, 0.2497, 0.705], 115_000),
        ([0.0, 0.05, 0.2497, 0.7003], 75_000),
        ([0.0012, 0.05, 0.2497, 0.6991], 46_000),
    ],
    ids=["twice", "a-fifth-more", "a-tenth-less", "top-prize-never", "top-prize-four-times"],
)
def test_a_skewed_pool_is_alerted_within(true: list[float], within: int) -> None:
    """Nine of ten such pools are; the numbers stand in docs/decisions/0032-monitor.md."""
    counts = looked_at(true, pools=200, looks=100, draws_per_look=within // 100, seed=32)
    alarms = first_alarm(log_evidences(counts, WEIGHTS), ALARM)
    assert (alarms < 100).mean() >= 0.9


def test_an_interval_holds_at_all_looks_at_once() -> None:
    """The true odds leave it in no more pools than its chance, however often one looks."""
    counts = looked_at([0.05, 0.95], pools=200, looks=20, draws_per_look=50, seed=32)
    left = 0
    for pool in counts:
        bounds = [interval(int(count), int(count + other), alpha=0.05) for count, other in pool]
        left += not all(low <= 0.05 <= high for low, high in bounds)
    assert 0 < left <= 200 * 0.05


def test_an_interval_narrows_around_what_was_seen() -> None:
    """It is all that may be before the first draw, and keeps to 0 and 1 where nothing refutes them."""
    assert interval(0, 0, alpha=0.01) == (0.0, 1.0)
    low, high = interval(0, 1_000, alpha=0.01)
    assert low == 0.0
    assert high == pytest.approx(0.0088, abs=0.0005)
    assert interval(1_000, 1_000, alpha=0.01)[1] == 1.0
    low, high = interval(500, 10_000, alpha=0.01)
    assert 0.04 < low < 0.05 < high < 0.061


def test_a_service_loads_no_statistics_but_these() -> None:
    """Numpy and scipy would hold up its loop, and take as much memory as all the rest."""
    seen = "import sys, game.app; sys.exit(not {'numpy', 'scipy'}.isdisjoint(sys.modules))"
    assert subprocess.run([sys.executable, "-P", "-c", seen], check=False).returncode == 0
