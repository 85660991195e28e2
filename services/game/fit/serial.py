"""Whether draws know of the ones before: pairs of successive picks, and runs of wins."""

import numpy as np

from game.fit.counts import fit_counts
from game.fit.fits import Counts, Fit, Whole
from game.fit.tails import at_least, at_most

# So many kinds of rows are told apart in pairs: the likeliest rows, and all others together.
MAX_KINDS = 12


def kinds(weights: Whole) -> Counts:
    """For each row its kind, 0 … MAX_KINDS-1: the likeliest rows have one each, the others share one."""
    ranks = np.argsort(np.argsort(-np.asarray(weights, np.int64), kind="stable"), kind="stable")
    return np.minimum(ranks, MAX_KINDS - 1).astype(np.int64)


def fit_pairs(pairs: Whole, weights: Whole) -> Fit:
    """Pairs of successive picks that share none, as kind by kind, against the product of the odds.

    `weights` are those of the kinds. Every pick stands in one pair at most, so pairs are independent.
    """
    chances = np.asarray(weights, np.float64)
    return fit_counts(np.asarray(pairs, np.int64).ravel(), np.outer(chances, chances).ravel())


def fit_runs(*, wins: int, losses: int, runs: int) -> Fit:
    """Whether wins stand together, or apart, more than chance has them (Wald and Wolfowitz, exact).

    `runs` is how often a win follows no win. Given the counts, each run starts in one of `losses` + 1 gaps.
    """
    draws = wins + losses
    place = {"total": draws, "marked": losses + 1, "drawn": wins}
    if wins == 0 or losses == 0:
        return Fit("hypergeometric", draws, 1.0)
    return Fit("hypergeometric", draws, min(1.0, 2 * min(at_most(runs, **place), at_least(runs, **place))))
