"""The plots of a report. matplotlib is in the auditor's extra: whoever imports this needs it."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from game.auditor.statistics import PoolStatistics, RowShare
from game.auditor.svg import INK, inline, styled
from game.auditor.testing import INTERVAL_CONFIDENCE
from game.fit.intervals import clopper_pearson

MAX_ROWS = 24
MAX_ROWS_OVER_TIME = 8
MAX_LABEL_CHARS = 24
WIDTH_INCHES = 5.6
MAX_TICKS = 7
COLOURS = ("#2f7fc1", "#d97a1f")
# Times are shown in the longest of these that fits twice.
UNITS = (("days", 86_400_000), ("hours", 3_600_000), ("minutes", 60_000), ("seconds", 1000))

Series = tuple[str, Sequence[int]]


def shares(pool: PoolStatistics) -> str:
    """The share of each row among the draws taken, with intervals, and its published odds."""
    alt = f"Shares of the rows of pool {pool.id} among draws taken, beside the published odds"
    return _shares(pool.rows, [("drawn", [row.drawn for row in pool.rows])], alt)


def untaken(pool: PoolStatistics) -> str:
    """The same of the draws that nobody took: each seat's next one, and the later ones."""
    alt = f"Shares of the rows of pool {pool.id} among draws that nobody took, beside the published odds"
    following = [row.next for row in pool.rows]
    return _shares(pool.rows, [("next", following), ("later", [row.later for row in pool.rows])], alt)


def _shares(rows: Sequence[RowShare], series: Sequence[Series], alt: str) -> str:
    shown = sorted(range(len(rows)), key=lambda index: -rows[index].odds)[:MAX_ROWS]
    places = np.arange(len(shown))
    with styled():
        figure = Figure(figsize=(WIDTH_INCHES, 1.1 + 0.34 * len(shown)))
        axes = figure.subplots()
        odds = [rows[index].odds for index in shown]
        axes.plot(odds, places, "|", color=INK, markersize=16, markeredgewidth=1.5, label="published odds")
        for number, (label, counts) in enumerate(series):
            shift = 0.28 * (number - (len(series) - 1) / 2)
            _intervals(axes, [counts[index] for index in shown], sum(counts), places + shift, number, label)
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(numticks=MAX_TICKS))
        axes.xaxis.set_major_formatter(FuncFormatter(_percent))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlim(min(each for each in odds if each > 0) / 20, 1.5)
        axes.set_yticks(places, [_label(rows[index].id) for index in shown])
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.set_xlabel("share of the draws")
        axes.grid(visible=True, axis="x")
        figure.legend(loc="outside upper left", ncols=3)
        return inline(figure, alt=alt)


def _intervals(
    axes: Axes, counts: Sequence[int], draws: int, places: "np.ndarray", number: int, label: str
) -> None:
    low, high = clopper_pearson(counts, draws, confidence=INTERVAL_CONFIDENCE, together=len(counts))
    axes.hlines(places, np.maximum(low, 1e-12), high, color=COLOURS[number], linewidth=2.5, alpha=0.55)
    share = np.array(counts) / max(draws, 1)
    axes.plot(share, places, "o", color=COLOURS[number], markersize=5, label=f"{label} ({draws:,} draws)")


def over_time(pool: PoolStatistics) -> str:
    """The share of each row in each window, with intervals, and its published odds."""
    shown = range(min(len(pool.rows), MAX_ROWS_OVER_TIME))
    times, unit = _times(pool)
    with styled():
        figure = Figure(figsize=(WIDTH_INCHES, 0.7 + 1.1 * len(shown)))
        plots = figure.subplots(len(shown), sharex=True, squeeze=False)[:, 0]
        for index, axes in zip(shown, plots, strict=True):
            _row_over_time(axes, pool, index, times)
        plots[-1].set_xlim(left=0)
        plots[-1].set_xlabel(f"{unit} since the pool opened")
        return inline(
            figure, alt=f"Shares of the rows of pool {pool.id} over time, beside the published odds"
        )


def _row_over_time(axes: Axes, pool: PoolStatistics, index: int, times: Sequence[float]) -> None:
    ends = [
        clopper_pearson([window.picked[index]], window.draws, confidence=INTERVAL_CONFIDENCE)
        for window in pool.windows
    ]
    axes.vlines(
        times, [low[0] for low, _ in ends], [high[0] for _, high in ends], color=COLOURS[0], alpha=0.55
    )
    share = [window.picked[index] / window.draws for window in pool.windows]
    axes.plot(times, share, ".", color=COLOURS[0], markersize=5)
    axes.axhline(pool.rows[index].odds, color=INK, linewidth=1)
    axes.set_title(_label(pool.rows[index].id), loc="left")
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(3))
    axes.yaxis.set_major_formatter(FuncFormatter(_percent))
    axes.grid(visible=True, axis="y")


def stock(pool: PoolStatistics) -> str | None:
    """What is left of each row over time; None where no row has a stock."""
    shown = [index for index, row in enumerate(pool.rows) if row.stock is not None][:MAX_ROWS_OVER_TIME]
    if not shown:
        return None
    times, unit = _times(pool)
    with styled():
        figure = Figure(figsize=(WIDTH_INCHES, 0.7 + 0.9 * len(shown)))
        plots = figure.subplots(len(shown), sharex=True, squeeze=False)[:, 0]
        for index, axes in zip(shown, plots, strict=True):
            left = [pool.rows[index].stock, *(window.left[index] for window in pool.windows)]
            axes.plot([0.0, *times], left, color=COLOURS[0], marker=".", markersize=4, linewidth=1.5)
            axes.set_title(f"{_label(pool.rows[index].id)}: {left[-1]:,} of {left[0]:,} left", loc="left")
            axes.set_ylim(bottom=0)
            axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
            axes.grid(visible=True, axis="y")
        plots[-1].set_xlim(left=0)
        plots[-1].set_xlabel(f"{unit} since the pool opened")
        return inline(figure, alt=f"Stock of pool {pool.id} over time")


def seats(pools: Sequence[PoolStatistics]) -> str:
    """How far the seats of pools were used, as bars that add up."""
    places = np.arange(len(pools))
    used_up = np.array([pool.seats_used_up for pool in pools])
    begun = np.array([pool.seats_begun for pool in pools]) - used_up
    abandoned = np.array([pool.seats_abandoned for pool in pools])
    with styled():
        figure = Figure(figsize=(WIDTH_INCHES, 1.1 + 0.36 * len(pools)))
        axes = figure.subplots()
        axes.barh(places, used_up, color=COLOURS[0], label="all draws taken")
        axes.barh(places, begun, left=used_up, color=COLOURS[0], alpha=0.45, label="some taken")
        axes.barh(places, abandoned, left=used_up + begun, color=COLOURS[1], label="abandoned")
        axes.set_yticks(places, [_label(pool.id) for pool in pools])
        axes.set_ylim(len(pools) - 0.4, -0.6)
        axes.set_xlabel("seats")
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        figure.legend(loc="outside upper left", ncols=3)
        return inline(figure, alt="Seats of each pool: all draws taken, some taken, abandoned")


def _times(pool: PoolStatistics) -> tuple[list[float], str]:
    """When each window ended, since the pool opened, and in which unit."""
    since = [window.ends_ms - pool.opens_ms for window in pool.windows]
    unit, unit_ms = next((each for each in UNITS if max(since) >= 2 * each[1]), UNITS[-1])
    return [each / unit_ms for each in since], unit


def _percent(share: float, _place: object) -> str:
    return f"{100 * share:g} %"


def _label(row_id: str) -> str:
    return row_id if len(row_id) <= MAX_LABEL_CHARS else row_id[: MAX_LABEL_CHARS - 1] + "…"
