"""Every test of every pool of a log, as one family, and what is said about those that stand out."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec
import numpy as np

from game.auditor.instants import utc
from game.auditor.pool_tally import PoolTally
from game.auditor.statistics import PoolStatistics, RowShare, Statistics, Tested, TestName, Window
from game.fair.draw import first_stock
from game.fair.statistics import MAX_FALSE_ALARM
from game.fit.counts import fit_counts
from game.fit.families import false_discovery_rates, holm
from game.fit.fits import Counts, Fit
from game.fit.intervals import clopper_pearson
from game.fit.players import fit_player, fit_players
from game.fit.refused import fit_refused
from game.fit.rolling import fit_windows
from game.fit.serial import fit_pairs, fit_runs

# Of the tests that are noted as odd so large a share may be fair.
MAX_FALSE_NOTES = 0.01
INTERVAL_CONFIDENCE = 0.95
MAX_WINDOWS = 32
MIN_WINDOW_DRAWS = 50

WORDS: dict[TestName, str] = {
    "drawn": "the draws taken do not have the published odds",
    "next": "each seat's next draw, which nobody took, does not have the published odds",
    "later": "the draws after that, which nobody took, do not have the published odds",
    "rolling": "the odds did not hold all the time",
    "pairs": "draws depend on the ones before",
    "runs": "wins stand together, or apart",
    "players": "players do not have the same odds",
    "player": "a player does not have the published odds",
    "refused": "draws that nobody took would have won more often than those taken",
}


def statistics_of(tallies: Sequence[PoolTally]) -> Statistics:
    """The statistics of a log. The chance that an honest log has a warning is MAX_FALSE_ALARM at most."""
    pools = _adjusted([_pool_statistics(tally) for tally in tallies])
    tests = sorted(((pool, test) for pool in pools for test in pool.tests), key=lambda each: each[1].p)
    warned = [(pool, test) for pool, test in tests if test.adjusted <= MAX_FALSE_ALARM]
    noted = [each for each in tests if each not in warned and each[1].rate <= MAX_FALSE_NOTES]
    return Statistics(
        pools=tuple(pools),
        tests=len(tests),
        warnings=tuple(_say(pool, test) for pool, test in warned),
        notes=tuple(_say(pool, test) for pool, test in noted),
    )


def _say(pool: PoolStatistics, test: Tested) -> str:
    place = f" ({test.at})" if test.at else ""
    return f"pool {pool.id}: {WORDS[test.name]}{place}; chance {test.adjusted:.1g} among {test.draws:,} draws"


def _adjusted(pools: list[PoolStatistics]) -> list[PoolStatistics]:
    """The same with each chance held against all tests of the log."""
    chances = [test.p for pool in pools for test in pool.tests]
    if not chances:
        return pools
    worth = iter(zip(holm(chances).tolist(), false_discovery_rates(chances).tolist(), strict=True))
    return [
        msgspec.structs.replace(
            pool,
            tests=tuple(
                msgspec.structs.replace(test, adjusted=adjusted, rate=rate)
                for test, (adjusted, rate) in zip(pool.tests, worth, strict=False)
            ),
        )
        for pool in pools
    ]


def _pool_statistics(tally: PoolTally) -> PoolStatistics:
    windows = _windows(tally)
    window_draws = _window_draws(tally)
    return PoolStatistics(
        id=tally.entry.pool,
        entry=tally.entry.i,
        opens_ms=tally.entry.opens,
        draws=tally.buckets.draws,
        rows=tuple(_row_shares(tally)),
        window_draws=window_draws,
        windows=windows,
        tests=tuple(_tests(tally, [window for window in windows if window.draws == window_draws])),
        players=int(np.count_nonzero(tally.players.draws)),
        draws_of_other_players=tally.players.left_out,
        seats_begun=tally.seats_begun,
        seats_used_up=tally.seats_used_up,
        seats_abandoned=tally.seats_abandoned,
    )


def _row_shares(tally: PoolTally) -> Iterator[RowShare]:
    total, draws = sum(tally.weights), tally.buckets.draws
    lows, highs = clopper_pearson(
        tally.drawn, draws, confidence=INTERVAL_CONFIDENCE, together=len(tally.weights)
    )
    stock = first_stock(tally.entry)
    for index, row in enumerate(tally.entry.rows):
        yield RowShare(
            id=row.id,
            odds=tally.weights[index] / total,
            stock=stock[index],
            drawn=int(tally.drawn[index]),
            low=float(lows[index]),
            high=float(highs[index]),
            next=int(tally.next[index]),
            later=int(tally.later[index]),
        )


def _window_draws(tally: PoolTally) -> int:
    """A multiple of the buckets' width: MAX_WINDOWS at most, of MIN_WINDOW_DRAWS or more."""
    width = tally.buckets.width_draws
    many = -(-len(tally.buckets.ends_ms) // MAX_WINDOWS)
    return width * max(1, many, -(-MIN_WINDOW_DRAWS // width))


def _windows(tally: PoolTally) -> tuple[Window, ...]:
    buckets, stock = tally.buckets, first_stock(tally.entry)
    starts = np.arange(0, len(buckets.ends_ms), _window_draws(tally) // buckets.width_draws)
    if len(starts) == 0:
        return ()
    picked = np.add.reduceat(buckets.picked, starts, axis=0)
    paid = np.add.reduceat(buckets.paid, starts, axis=0).cumsum(axis=0)
    ends_ms = np.maximum.reduceat(buckets.ends_ms, starts)
    return tuple(
        Window(int(end), int(rows.sum()), tuple(rows.tolist()), _left(stock, gone))
        for end, rows, gone in zip(ends_ms, picked, paid, strict=True)
    )


def _left(stock: Iterable[int | None], paid: Counts) -> tuple[int | None, ...]:
    return tuple(None if row is None else row - int(gone) for row, gone in zip(stock, paid, strict=True))


def _tests(tally: PoolTally, windows: Sequence[Window]) -> Iterator[Tested]:
    yield _tested("drawn", fit_counts(tally.drawn, tally.weights))
    rolling = fit_windows([window.picked for window in windows], tally.weights)
    yield _tested("rolling", rolling, None if rolling.at is None else _period(windows, rolling.at))
    yield _tested("pairs", fit_pairs(tally.order.pairs, tally.order.kind_weights))
    order = tally.order
    yield _tested("runs", fit_runs(wins=order.wins, losses=order.losses, runs=order.runs))
    yield from _player_tests(tally)
    if tally.next.any():
        yield _tested("next", fit_counts(tally.next, tally.weights))
        yield _tested("later", fit_counts(tally.later, tally.weights))
        yield _refused_test(tally)


def _player_tests(tally: PoolTally) -> Iterator[Tested]:
    """Where a win is neither certain nor impossible."""
    odds = 1 - tally.weights[-1] / sum(tally.weights)
    if 0 < odds < 1:
        played = np.flatnonzero(tally.players.draws)
        wins, draws = tally.players.wins[played], tally.players.draws[played]
        yield _tested("players", fit_players(wins, draws, odds))
        fit = fit_player(wins, draws, odds)
        yield _tested("player", fit, None if fit.at is None else f"tag {tally.tag(int(played[fit.at]))}")


def _refused_test(tally: PoolTally) -> Tested:
    """Each seat's next draw against those taken."""
    fit = fit_refused(tally.next, tally.drawn)
    rows = tally.entry.rows[:-1]
    assert fit.at is not None
    return _tested(
        "refused", fit, f"row {rows[fit.at].id}" if fit.at < len(rows) else "all rows but the last"
    )


def _period(windows: Sequence[Window], at: int) -> str:
    draws = windows[at].draws
    return f"draws {at * draws + 1:,} to {(at + 1) * draws:,}, until {utc(windows[at].ends_ms)}"


def _tested(name: TestName, fit: Fit, at: str | None = None) -> Tested:
    return Tested(name, fit.method, fit.draws, fit.p, at, adjusted=1.0, rate=1.0)
