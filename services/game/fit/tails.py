"""Exact tails of the hypergeometric distribution, for counts of any size."""

import math

import numpy as np
from scipy import special

from game.fit.fits import Counts, Reals

# Terms further out than so many standard deviations are below what a float can add.
REACH_DEVIATIONS = 40
REACH_AT_LEAST = 100


def at_least(count: int, *, total: int, marked: int, drawn: int) -> float:
    """The chance that `drawn` of `total` without replacement have `count` or more of the marked ones."""
    highest = min(marked, drawn)
    variance = drawn * marked / total * (1 - marked / total) if total else 0.0
    reach = REACH_AT_LEAST + int(REACH_DEVIATIONS * math.sqrt(variance))
    first = max(count, drawn + marked - total, 0)
    mean = drawn * marked / total if total else 0.0
    if count <= mean:
        first = max(first, int(mean) - reach)
    terms = np.arange(first, min(highest, max(first, int(mean)) + reach) + 1)
    return min(1.0, float(np.exp(_logs(terms, total, marked, drawn)).sum()))


def at_most(count: int, *, total: int, marked: int, drawn: int) -> float:
    """The chance of `count` or fewer: the drawn ones then have many of the others."""
    return at_least(drawn - count, total=total, marked=total - marked, drawn=drawn)


def _logs(counts: Counts, total: int, marked: int, drawn: int) -> Reals:
    others = total - marked
    return np.asarray(
        _log_choose(marked, counts)
        + _log_choose(others, drawn - counts)
        - _log_choose(total, np.array([drawn])),
        np.float64,
    )


def _log_choose(n: int, k: Counts) -> Reals:
    logs = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    return np.asarray(logs, np.float64)
