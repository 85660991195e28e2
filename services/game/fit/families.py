"""Many tests at once: what a chance is worth among them."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from game.fit.fits import Reals


def holm(chances: Sequence[float] | Reals) -> Reals:
    """Holm's adjusted chances: that any fair test of the family is at most a has a chance of at most a.

    Holds however the tests depend on each other.
    """
    chances = np.asarray(chances, np.float64)
    order = np.argsort(chances, kind="stable")
    stepped = np.maximum.accumulate(chances[order] * np.arange(len(chances), 0, -1))
    adjusted = np.empty_like(chances)
    adjusted[order] = np.minimum(1.0, stepped)
    return adjusted


def false_discovery_rates(chances: Sequence[float] | Reals) -> Reals:
    """Adjusted chances after Benjamini and Yekutieli: the share of fair tests among those noted at most a.

    Holds however the tests depend on each other, which those of one pool do.
    """
    return np.asarray(stats.false_discovery_control(np.asarray(chances, np.float64), method="by"), np.float64)
