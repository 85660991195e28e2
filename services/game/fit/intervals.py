"""Intervals for shares."""

import numpy as np
from scipy import special

from game.fit.fits import Reals, Whole


def clopper_pearson(
    counts: Whole, draws: int, *, confidence: float, together: int = 1
) -> tuple[Reals, Reals]:
    """Exact intervals for the odds behind counts: the lower and the upper ends, by row.

    `together` intervals all hold at once with this confidence (Bonferroni); they are never too narrow.
    """
    counts = np.asarray(counts, np.float64)
    beyond = (1 - confidence) / 2 / together
    with np.errstate(invalid="ignore"):
        low = special.betaincinv(counts, draws - counts + 1, beyond)
        high = special.betainccinv(counts + 1, draws - counts, beyond)
    return np.where(counts == 0, 0.0, low), np.where(counts == draws, 1.0, high)
