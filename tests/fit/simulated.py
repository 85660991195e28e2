"""Pools that are simulated many at a time, and their evidence by an independent formula over arrays."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp

from game.fit.eprocess import CONCENTRATIONS

Counts = NDArray[np.int64]


def looked_at(odds: Sequence[float], *, pools: int, looks: int, draws_per_look: int, seed: int) -> Counts:
    """How often each row was picked by each look at each pool: pools, looks, rows."""
    random = np.random.default_rng(seed)
    return random.multinomial(draws_per_look, odds, size=(pools, looks)).cumsum(axis=1)


def log_evidences(counts: Counts, weights: Sequence[int]) -> NDArray[np.float64]:
    """The logarithm of the evidence for each row of counts along the last axis."""
    odds = np.array(weights) / sum(weights)
    draws = counts.sum(axis=-1)
    published = (counts * np.log(odds)).sum(axis=-1)
    each = [
        gammaln(c) - gammaln(c + draws) + (gammaln(c * odds + counts) - gammaln(c * odds)).sum(axis=-1)
        for c in CONCENTRATIONS
    ]
    mean: NDArray[np.float64] = logsumexp(np.stack(each), axis=0) - np.log(len(each)) - published
    return mean


def first_alarm(evidence: NDArray[np.float64], threshold: float) -> NDArray[np.int64]:
    """By pool, the look at which the evidence reaches the threshold first; the number of looks: never."""
    reached = evidence >= threshold
    first: NDArray[np.int64] = np.where(reached.any(axis=1), reached.argmax(axis=1), evidence.shape[1])
    return first
