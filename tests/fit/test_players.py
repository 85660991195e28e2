"""Players that win more than others, and players that stop when they like."""

import numpy as np
from scipy import stats

from game.fit.players import fit_player, fit_players

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


def test_nobody_is_nobodys_fault() -> None:
    """A pool without a draw has no players."""
    assert fit_player([], [], 0.1).p == 1
    assert fit_player([], [], 0.1).at is None
    assert fit_players([], [], 0.1).p == 1
