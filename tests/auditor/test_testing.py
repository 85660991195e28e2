"""All tests of a log as one family."""

import numpy as np
import pytest

from game.auditor.pool_tally import PoolTally
from game.auditor.statistics import Statistics
from game.auditor.testing import MAX_WINDOWS, statistics_of
from tests.auditor.tallies import ODDS, picks, pool_entry, tally_of

FAIR = picks(1, 5_000)


def one(picked: np.ndarray, untaken: np.ndarray | None = None) -> Statistics:
    """The statistics of a log of one pool."""
    return statistics_of([tally_of(picked, untaken=untaken)])


@pytest.mark.parametrize("seed", range(20))
def test_an_honest_pool_is_not_warned_about(seed: int) -> None:
    """Whatever its size, nor is anything noted in these twenty."""
    draws = (1, 3, 40, 2_000)[seed % 4]
    statistics = one(picks(seed, draws), untaken=picks(seed + 1_000, 200))
    assert (statistics.warnings, statistics.notes) == ((), ())
    assert statistics.tests == 9


def test_a_row_that_comes_too_often_is_warned_about() -> None:
    """Odds of 1 % that are 3 % in truth, in 5,000 draws."""
    statistics = one(picks(1, 5_000, (0.03, 0.09, 0.88)))
    assert statistics.warnings[0].startswith(
        "pool w: the draws taken do not have the published odds; chance "
    )


def test_a_stretch_with_other_odds_is_warned_about() -> None:
    """It says which draws, and until when."""
    picked = np.concatenate([FAIR, picks(2, 1_024, (0.05, 0.2, 0.75)), picks(3, 5_000), picks(4, 5_000)])
    assert any("all the time (draws 5,121 to 5,632, until " in each for each in one(picked).warnings)


def test_draws_that_repeat_are_warned_about() -> None:
    """Every draw comes twice: the odds are right, the order is not."""
    warnings = one(np.repeat(FAIR, 2)).warnings
    assert any("draws depend on the ones before" in each for each in warnings)
    assert any("wins stand together, or apart" in each for each in warnings)


def test_a_favoured_player_is_named() -> None:
    """Player 7 of 100 wins every draw."""
    picked = FAIR.copy()
    picked[7::100] = 1
    assert any(f"(tag {7:032x})" in each for each in one(picked).warnings)


def test_suppressed_winners_are_warned_about() -> None:
    """The next draws of seats hold more gold than the draws taken."""
    untaken = picks(5, 400)
    untaken[::8] = 0
    warnings = one(FAIR, untaken=untaken).warnings
    assert any("would have won more often than those taken (row gold)" in each for each in warnings)
    assert any("next draw, which nobody took" in each for each in warnings)


def test_an_oddity_is_noted_and_no_warning() -> None:
    """A chance of about one in ten thousand among all tests."""
    picked = np.repeat([0, 1, 2], [100, 450, 4_450])
    statistics = one(np.random.default_rng(6).permutation(picked))
    assert (len(statistics.warnings), len(statistics.notes)) == (0, 1)


def test_more_tests_make_each_worth_less() -> None:
    """The same pool among forty: its chance is held against all of their tests."""
    tallies = [tally_of(picks(seed, 200), entry=pool_entry(pool=f"w{seed}", i=seed)) for seed in range(40)]
    alone, among = statistics_of(tallies[:1]), statistics_of(tallies)
    first = {test.name: test for test in among.pools[0].tests}
    for test in alone.pools[0].tests:
        assert first[test.name].p == test.p
        assert first[test.name].adjusted >= test.adjusted
    assert among.tests == 40 * 6


def test_windows_tell_of_shares_and_stock_over_time() -> None:
    """All draws are in them, they are few, and the stock goes down by what was paid."""
    (pool,) = one(FAIR).pools
    assert len(pool.windows) <= MAX_WINDOWS
    assert sum(window.draws for window in pool.windows) == 5_000
    assert {window.draws for window in pool.windows[:-1]} == {pool.window_draws}
    gold = int(np.count_nonzero(FAIR == 0))
    assert pool.windows[-1].left == (500 - gold, None, None)
    assert [window.ends_ms for window in pool.windows] == sorted(window.ends_ms for window in pool.windows)


def test_rows_have_intervals_about_what_was_drawn() -> None:
    """In an honest pool the published odds lie within."""
    (pool,) = one(FAIR).pools
    for row, odds in zip(pool.rows, ODDS, strict=True):
        assert row.odds == pytest.approx(odds)
        assert row.low < row.odds < row.high


def test_a_pool_whose_draws_nobody_took_is_tested_for_those() -> None:
    """And one without any win, or with nothing but wins, has no test of players."""
    tally = PoolTally(pool_entry(), str)
    tally.add_untaken(n=np.array([1, 2]), first=np.array([True, False]), picked=np.array([2, 2]))
    (pool,) = statistics_of([tally]).pools
    assert {"next", "later", "refused"} <= {test.name for test in pool.tests}
    certain = tally_of(np.zeros(10, np.int64), entry=pool_entry(rows=[{"id": "all", "weight": 1}]))
    (pool,) = statistics_of([certain]).pools
    assert "player" not in {test.name for test in pool.tests}


def test_a_log_without_pools_has_no_statistics() -> None:
    """Nothing was tested."""
    assert statistics_of([]) == Statistics(pools=(), tests=0, warnings=(), notes=())


def test_a_time_that_no_calendar_has_is_said_as_it_is() -> None:
    """The grammar allows it, so a report must not fail."""
    tally = tally_of(picks(1, 10))
    tally.add(
        t_ms=np.full(40, 2**53 - 1),
        player=np.zeros(40, np.int64),
        n=np.ones(40, np.int64),
        picked=np.zeros(40, np.int64),
        paid=np.full(40, 2),
    )
    assert any(f"until {2**53 - 1} ms" in each for each in statistics_of([tally]).warnings)
