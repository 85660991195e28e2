"""One pool in the report's page: what was drawn, what the tests say, plots."""

from collections.abc import Iterator, Sequence

from game.auditor.markup import facts, figure, percent, table, text
from game.auditor.statistics import PoolStatistics
from game.auditor.testing import INTERVAL_CONFIDENCE, WORDS

# Rows after so many are in the JSON report alone.
MAX_ROWS_LISTED = 200
ROW_HEADS = ("Row", "Published", "Drawn", "Share", "From", "To", "Left", "Next untaken", "Later untaken")
TEST_HEADS = ("What a small chance would mean", "Chance", "Among all tests", "Draws", "Method", "Most of all")


def pool_section(pool: PoolStatistics, *, plotted: bool) -> str:
    """A pool's tables and, if it is plotted, its figures."""
    figures = "".join(_figures(pool)) if plotted else "<p>Not plotted: other pools have more draws.</p>"
    return f"<h3>Pool {text(pool.id)}</h3>{_facts(pool)}{_rows(pool)}{_tests(pool)}{figures}"


def _facts(pool: PoolStatistics) -> str:
    return facts(
        [
            ("Draws", f"{pool.draws:,}"),
            ("Players", f"{pool.players:,}{_others(pool)}"),
            ("Seats", f"{pool.seats_begun:,} begun, {pool.seats_used_up:,} of them used up"),
            ("Abandoned", f"{pool.seats_abandoned:,} seats without any draw (known after the close)"),
        ]
    )


def _others(pool: PoolStatistics) -> str:
    left_out = pool.draws_of_other_players
    return f"; {left_out:,} draws of others are in no test of players" if left_out else ""


def _rows(pool: PoolStatistics) -> str:
    more = len(pool.rows) - MAX_ROWS_LISTED
    return table(
        f"What X picked from the whole table; {INTERVAL_CONFIDENCE:.0%} intervals that hold together"
        + (f"; {more:,} more rows are in the JSON report" if more > 0 else ""),
        ROW_HEADS,
        _row_cells(pool),
    )


def _row_cells(pool: PoolStatistics) -> Iterator[Sequence[str | int]]:
    left = pool.windows[-1].left if pool.windows else tuple(row.stock for row in pool.rows)
    for row, remaining in zip(pool.rows[:MAX_ROWS_LISTED], left, strict=False):
        share = percent(row.drawn / pool.draws) if pool.draws else ""
        interval = (percent(row.low), percent(row.high))
        rest = "" if remaining is None else f"{remaining:,}"
        yield (row.id, percent(row.odds), row.drawn, share, *interval, rest, row.next, row.later)


def _tests(pool: PoolStatistics) -> str:
    rows = [
        (WORDS[test.name], test.p, test.adjusted, test.draws, test.method, test.at or "")
        for test in pool.tests
    ]
    return table("Tests: how likely an honest pool looks at least as odd", TEST_HEADS, rows, words=True)


def _figures(pool: PoolStatistics) -> Iterator[str]:
    from game.auditor import plots  # matplotlib is in the auditor's extra

    if pool.windows:
        yield figure(plots.shares(pool), "Drawn, against the published odds, with intervals")
        yield figure(plots.over_time(pool), _windows_caption(pool))
        stock = plots.stock(pool)
        yield "" if stock is None else figure(stock, "Stock over time")
    if any(row.next for row in pool.rows):
        yield figure(plots.untaken(pool), "Draws that nobody took, against the published odds")


def _windows_caption(pool: PoolStatistics) -> str:
    return (
        f"Over time, in windows of {pool.window_draws:,} draws, with the published odds as a line"
        f" and a {INTERVAL_CONFIDENCE:.0%} interval of each window alone"
    )


def seats_figure(pools: Sequence[PoolStatistics]) -> str:
    """How far the seats of these pools were used."""
    from game.auditor import plots  # matplotlib is in the auditor's extra

    return figure(plots.seats(pools), "Seats, and how far they were used")
