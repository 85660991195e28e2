"""That a leak is told from what is flat."""

import numpy as np
import pytest

from tests.bench.growth import settled, slope_of

HOURS = (np.arange(1, 361) / 360).tolist()


def walk(*, per_hour: float, seed: int) -> list[float]:
    """Memory that wanders about a line, each sample much like the one before."""
    noise, wander = np.random.default_rng(seed).normal(0, 0.3, len(HOURS)), 0.0
    values = []
    for hour, step in zip(HOURS, noise, strict=True):
        wander = 0.8 * wander + step
        values.append(120 + per_hour * hour + wander)
    return values


def test_a_leak_is_found() -> None:
    """Ten megabytes an hour are beyond what a wandering line does."""
    slope = slope_of(HOURS, walk(per_hour=10.0, seed=1))
    assert slope.least < 10.0 < slope.most
    assert slope.least > 5.0


def test_what_is_flat_is_flat() -> None:
    """The interval holds zero for nearly every seed, though neighbours are alike."""
    slopes = [slope_of(HOURS, walk(per_hour=0.0, seed=seed)) for seed in range(100)]
    assert sum(each.least < 0.0 < each.most for each in slopes) >= 90


def test_a_line_without_noise_has_no_interval() -> None:
    """Memory that stands still grows by nothing."""
    slope = slope_of(HOURS, [120.0] * len(HOURS))
    assert (slope.per_hour, slope.least, slope.most) == pytest.approx((0.0, 0.0, 0.0))


def test_the_first_part_does_not_count() -> None:
    """Caches fill in it."""
    assert settled(10) == 2
