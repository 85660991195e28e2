"""Whether counts per row fit the weights of the rows.

Few draws: the exact multinomial test. Many: Pearson's chi-square over the rows that are expected often
enough, the others together as one row, and each of them by the exact binomial.
"""

import math

import numpy as np
from scipy import special, stats

from game.fit.fits import Counts, Fit, Reals, Whole, least

# How many outcomes of so many draws the exact test looks at.
MAX_OUTCOMES = 50_000
MIN_EXPECTED = 5.0
# Below it the chi-square approximation claims too much, and a bound for finite samples stands in.
CHI_SQUARE_TRUSTED = 1e-3
# Outcomes as likely as the observed one count as such in spite of rounding.
EQUALLY_LIKELY = 1e-9


def fit_counts(counts: Whole, weights: Whole | Reals) -> Fit:
    """The fit of counts to weights, row by row. The weights are not all 0; a row of weight 0 must be 0."""
    picked, table = np.asarray(counts, np.int64), np.asarray(weights, np.float64)
    draws = int(picked.sum())
    if picked[table == 0].any():
        return Fit("impossible", draws, 0.0)
    picked, table = picked[table > 0], table[table > 0]
    odds = table / table.sum()
    if math.comb(draws + len(odds) - 1, len(odds) - 1) <= MAX_OUTCOMES:
        return Fit("exact", draws, exact_chance(picked, odds))
    return Fit("chi-square", draws, _approximate_chance(picked, odds))


def exact_chance(counts: Counts, odds: Reals) -> float:
    """The chance of an outcome that is at most as likely as this one, by enumeration of all outcomes."""
    all_outcomes = _outcome_logs(int(counts.sum()), odds)
    observed = _log_chance(counts, odds)
    return min(1.0, float(np.exp(all_outcomes[all_outcomes <= observed + EQUALLY_LIKELY]).sum()))


def _log_chance(counts: Counts, odds: Reals) -> float:
    terms = special.xlogy(counts, odds) - special.gammaln(counts + 1)
    return float(special.gammaln(counts.sum() + 1) + terms.sum())


def _outcome_logs(draws: int, odds: Reals) -> Reals:
    """The logarithm of each outcome's chance: row by row, whatever the rows before have left."""
    left, logs = np.array([draws]), np.array([float(special.gammaln(draws + 1))])
    for chance in odds[:-1]:
        choices = left + 1
        first = np.repeat(np.cumsum(choices) - choices, choices)
        taken = np.arange(len(first)) - first
        left = np.repeat(left, choices) - taken
        logs = np.repeat(logs, choices) + special.xlogy(taken, chance) - special.gammaln(taken + 1)
    return np.asarray(logs + special.xlogy(left, odds[-1]) - special.gammaln(left + 1), np.float64)


def _approximate_chance(counts: Counts, odds: Reals) -> float:
    order = np.argsort(odds, kind="stable")
    counts, odds = counts[order], odds[order]
    draws = counts.sum()
    rare = int(np.searchsorted(draws * odds, MIN_EXPECTED))
    joined = rare if draws * odds[:rare].sum() >= MIN_EXPECTED else rare + 1
    whole = chi_square_chance(_join(counts, joined), draws * _join(odds, joined))
    return least(np.append(binomial_chances(counts[:rare], int(draws), odds[:rare]), whole))[0]


def _join(values: Reals | Counts, first: int) -> Reals:
    return np.append(values[first:], values[:first].sum()).astype(np.float64)


def binomial_chances(counts: Counts, draws: int, odds: Reals) -> Reals:
    """For each row the chance of a count at least this far out on its side, twice. Exact."""
    below, above = stats.binom.cdf(counts, draws, odds), stats.binom.sf(counts - 1, draws, odds)
    return np.asarray(np.minimum(1.0, 2 * np.minimum(below, above)), np.float64)


def chi_square_chance(counts: Reals, expected: Reals) -> float:
    """Pearson's test, and below CHI_SQUARE_TRUSTED whichever of it and the bound claims less."""
    degrees = len(counts) - 1
    if degrees == 0:
        return 1.0
    chance = float(special.chdtrc(degrees, ((counts - expected) ** 2 / expected).sum()))
    if chance >= CHI_SQUARE_TRUSTED:
        return chance
    return max(chance, min(CHI_SQUARE_TRUSTED, _finite_bound(counts, expected, degrees)))


def _finite_bound(counts: Reals, expected: Reals, degrees: int) -> float:
    """R. Agrawal, Finite-Sample Concentration of the Multinomial in Relative Entropy (IEEE T-IT 2020).

    The chance that draws * D(observed || odds) reaches t is at most exp(-t) (e t / degrees)^degrees where
    t > degrees, for any number of draws and any odds.
    """
    t = float(special.rel_entr(counts, expected).sum())
    if t <= degrees:
        return 1.0
    return math.exp(degrees * (1 + math.log(t / degrees)) - t)
