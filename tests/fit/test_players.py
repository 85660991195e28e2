"""Players that win more than others, and players that stop when they like."""

import numpy as np
import pytest
from scipy import special, stats

from game.fit.players import BETS, fit_player, fit_players

PLAYERS = 500


def stop_at_a_win(random: np.random.Generator, odds: float) -> tuple[np.ndarray, np.ndarray]:
    """Players who play on until their first win and then stop: most of them look lucky."""
    draws = random.geometric(odds, PLAYERS)
    return np.ones(PLAYERS, np.int64), draws


def test_stopping_after_a_win_is_nobodys_fault() -> None:
    """In fair pools whose players stop when they won, both tests stay silent; a binomial test would not."""
    random = np.random.default_rng(6)
    pools = [stop_at_a_win(random, 0.1) for _ in range(200)]
    for test in (fit_players, fit_player):
        assert np.mean([test(wins, draws, 0.1).p <= 0.05 for wins, draws in pools]) <= 0.05
    wins, draws = pools[0]
    spread = ((wins - draws * 0.1) ** 2 / (draws * 0.09)).sum()
    assert stats.chi2.sf(spread, PLAYERS) < 1e-9


def test_fair_players_are_rarely_suspected() -> None:
    """With fixed numbers of draws too."""
    random = np.random.default_rng(7)
    draws = random.integers(1, 200, PLAYERS)
    for test in (fit_players, fit_player):
        chances = np.array([test(random.binomial(draws, 0.05), draws, 0.05).p for _ in range(200)])
        assert np.mean(chances <= 0.05) <= 0.05


def test_a_favoured_player_is_named() -> None:
    """One of 500 wins a fifth of 200 draws at odds of a twentieth; at a tenth chance may have done it."""
    random = np.random.default_rng(8)
    draws = np.full(PLAYERS, 200)
    wins = random.binomial(draws, 0.05)
    wins[123] = 40
    fit = fit_player(wins, draws, 0.05)
    assert (fit.at, fit.p < 1e-6) == (123, True)
    wins[123] = 18
    assert fit_player(wins, draws, 0.05).p > 0.01


def test_wins_that_follow_the_player_are_found() -> None:
    """Half of the players win twice as often, the others never: the odds of all draws are as published."""
    random = np.random.default_rng(9)
    draws = np.full(PLAYERS, 40)
    wins = random.binomial(draws, np.where(np.arange(PLAYERS) % 2, 0.2, 0.0))
    assert fit_players(wins, draws, 0.1).p < 1e-9


@pytest.mark.parametrize("odds", [0.5, 0.3, 0.9])
def test_the_evidence_is_that_of_beta_mixtures(odds: float) -> None:
    """One player with 7 wins in 20 draws: the mean over the bets of the ratio of the two likelihoods."""
    weights = np.array(BETS) / min(odds, 1 - odds)
    mixed = special.betaln(weights * odds + 7, weights * (1 - odds) + 13)
    fair = special.betaln(weights * odds, weights * (1 - odds)) + 7 * np.log(odds) + 13 * np.log(1 - odds)
    evidence = np.mean(np.exp(mixed - fair))
    assert fit_players([7], [20], odds).p == pytest.approx(min(1, 1 / evidence))


def test_rare_wins_of_a_million_players_are_no_evidence() -> None:
    """Rounding does not add up: one in a million wins, as published, and nothing is said."""
    wins = (np.arange(10**6) == 77).astype(np.int64)
    assert fit_players(wins, np.ones(10**6, np.int64), 1e-6).p > 0.1


def test_nobody_is_nobodys_fault() -> None:
    """A pool without a draw has no players."""
    assert fit_player([], [], 0.1).p == 1
    assert fit_player([], [], 0.1).at is None
    assert fit_players([], [], 0.1).p == 1
