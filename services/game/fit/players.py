"""Whether some players win more, or less, than others.

A player stops when he likes, perhaps after a win, so his wins among his draws are not binomial. These tests
hold whenever players stop: each player's evidence is a bet against the published odds that can only be won
by chance (an e-value: its mean is at most 1), and 1/e is a chance by Markov's and Ville's inequalities.
"""

import math

import numpy as np
from scipy import special

from game.fit.fits import Counts, Fit, Reals, Whole

# How far the bets take a player's own odds to be from the published ones: in all of them the mean of a beta
# distribution is the published odds, and its weight is so many expected wins (or losses, if those are rarer).
BETS = (1.0, 10.0, 100.0, 1000.0)


def fit_players(wins: Whole, draws: Whole, odds: float) -> Fit:
    """Whether players' odds differ at all: all players' bets multiplied. Arrays of one length, by player."""
    evidence = _log_evidence(wins, draws, odds).sum(axis=1)
    return Fit("e-value", int(np.sum(draws)), _chance(evidence), None)


def fit_player(wins: Whole, draws: Whole, odds: float) -> Fit:
    """Whether any one player stands out: the mean of the players' bets. `at` is the one with the most."""
    each = special.logsumexp(_log_evidence(wins, draws, odds), axis=0) - math.log(len(BETS))
    at = int(np.argmax(each)) if len(each) else None
    return Fit("e-value", int(np.sum(draws)), _chance(each), at)


def _chance(logs: Reals) -> float:
    """One over the mean of e-values, at most 1."""
    if len(logs) == 0:
        return 1.0
    return math.exp(min(0.0, math.log(len(logs)) - float(special.logsumexp(logs))))


def _log_evidence(wins: Whole, draws: Whole, odds: float) -> Reals:
    """The logarithm of each bet (rows) about each player (columns); 0 < odds < 1."""
    won, taken = np.asarray(wins, np.int64), np.asarray(draws, np.int64)
    weights = [bet / min(odds, 1 - odds) for bet in BETS]
    return np.array(
        [
            _growth(won, weight * odds) + _growth(taken - won, weight * (1 - odds)) - _growth(taken, weight)
            for weight in weights
        ]
    )


def _growth(counts: Counts, start: float) -> Reals:
    """The logarithm of start (start + 1) … (start + count - 1) / start^count. Gammas would lose digits."""
    steps = np.log1p(np.arange(counts.max(initial=0)) / start)
    return np.asarray(np.append(0.0, np.cumsum(steps))[counts], np.float64)
