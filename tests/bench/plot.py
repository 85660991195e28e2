"""What was measured as one picture: ratios with their spread, CPU time by process, how long callers wait."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import wrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from game.auditor.svg import INK, styled
from tests.bench.report import Report, Row, Section
from tests.bench.rounds import Series, Spread

WIDTH_INCHES = 19.0
LINE_INCHES, HEAD_INCHES, FOOT_INCHES = 0.3, 0.9, 0.7
# Where the three plots of a section begin and how wide they are; their labels stand before them.
PLACES = ((0.15, 0.19), (0.5, 0.25), (0.79, 0.19))
LABEL_CHARS, LABEL_POINTS = 40, 8
# An axis that reaches over more has a number at each power of ten alone.
MANY_TIMES = 100
PROCESSES = {
    "service": "#2f7fc1",
    "postgres": "#d97a1f",
    "redis": "#b3393f",
    "ledger": "#5f9e4a",
    "all processes": "#2f7fc1",
    "SHA-256": "#1f8f8a",
    "generator": "#b9bdc4",
}
RATE, COST = "#4b3fa3", "#a3277f"
PERCENTILES = {"p50": "o", "p99": "D", "p99.9": "s", "max": "|"}
APART = 0.16


def draw(report: Report, path: Path) -> None:
    """Write the picture as a file of its own; the ending of its name says the format."""
    heights = [_lines_of(each) * LINE_INCHES + HEAD_INCHES + FOOT_INCHES for each in report.sections]
    with styled():
        figure = Figure(figsize=(WIDTH_INCHES, sum(heights)))
        figure.set_layout_engine("none")
        bottom = sum(heights)
        for section, height in zip(report.sections, heights, strict=True):
            bottom -= height
            _section(figure, section, bottom=bottom, height=height)
        figure.savefig(path, facecolor="white", transparent=False, metadata={"Date": None})


def _lines_of(section: Section) -> int:
    return max(len(section.rows), len(_bars(section)))


def _section(figure: Figure, section: Section, *, bottom: float, height: float) -> None:
    """One line of plots, so many inches from the bottom."""
    inch = 1 / figure.get_figheight()
    low, tall = bottom + FOOT_INCHES, height - HEAD_INCHES - FOOT_INCHES
    figure.text(0.01, (bottom + height - 0.3) * inch, section.title, fontweight="bold", fontsize=12)
    ratios, cpu, waits = (figure.add_axes((left, low * inch, width, tall * inch)) for left, width in PLACES)
    _ratios(ratios, [row for row in section.rows if row.ratio is not None])
    bars = _bars(section)
    _lines(cpu, [label for label, _ in bars])
    _cpu(cpu, [series for _, series in bars])
    _lines(waits, [""] * len(bars))
    _waits(waits, [series for _, series in bars])


def _bars(section: Section) -> list[tuple[str, Series]]:
    """Every series once, though it may be in several rows."""
    bars: dict[str, Series] = {}
    for row in section.rows:
        for series in row.series:
            bars[f"{row.label.partition(', to the ')[0]}: {series.name}"] = series
    return list(bars.items())


def _lines(axes: Axes, labels: Sequence[str]) -> None:
    """A line for each label, from the top."""
    wrapped = ["\n".join(wrap(label, LABEL_CHARS)) for label in labels]
    axes.set_yticks(range(len(labels)), wrapped, fontsize=LABEL_POINTS)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.grid(visible=True, axis="x")


def _ratios(axes: Axes, rows: Sequence[Row]) -> None:
    if not rows:
        axes.set_axis_off()
        return
    _lines(axes, [row.label for row in rows])
    _spreads(axes, [row.ratio for row in rows if row.ratio], RATE, "rate", shift=-APART)
    _spreads(axes, [row.cost for row in rows if row.cost], COST, "CPU time", shift=APART)
    axes.axvline(1, color=INK, linewidth=1)
    _logarithmic(axes)
    axes.set_xlabel("to the yardstick's: median, least and most")
    _legend(axes, columns=2)


def _spreads(axes: Axes, spreads: Sequence[Spread], colour: str, label: str, *, shift: float) -> None:
    places = np.arange(len(spreads)) + shift
    least, most = [each.least for each in spreads], [each.most for each in spreads]
    axes.hlines(places, least, most, color=colour, linewidth=2.5, alpha=0.5)
    axes.plot([each.median for each in spreads], places, "o", color=colour, markersize=5, label=label)


def _cpu(axes: Axes, series: Sequence[Series]) -> None:
    left = np.zeros(len(series))
    for process in _processes(series):
        widths = np.array([each.cpu_us.get(process, 0.0) for each in series])
        axes.barh(range(len(series)), widths, left=left, color=PROCESSES[process], label=process, height=0.7)
        left += widths
    axes.set_xlim(0, _end(left))
    for place, total in enumerate(left):
        cut = " →" if total > _end(left) else ""
        axes.annotate(f" {total:,.0f}{cut}", (min(total, _end(left)), place), va="center", fontsize=8)
    axes.set_xlabel("us of CPU a unit, medians")
    _legend(axes, columns=5)


def _end(totals: np.ndarray) -> float:
    """Where the axis ends: a single caller may cost many times what each of many does, and is cut there."""
    return float(min(totals.max(), 6 * np.median(totals)) * 1.1)


def _processes(series: Sequence[Series]) -> Iterator[str]:
    return (name for name in PROCESSES if any(name in each.cpu_us for each in series))


def _waits(axes: Axes, series: Sequence[Series]) -> None:
    timed = {place: each.latency_ms for place, each in enumerate(series) if "p50" in each.latency_ms}
    if not timed:
        axes.set_axis_off()
        return
    for place, waited in timed.items():
        axes.hlines(place, waited["p50"], waited["max"], color=INK, linewidth=1, alpha=0.4)
    for name, marker in PERCENTILES.items():
        axes.plot([each[name] for each in timed.values()], list(timed), marker, label=name, color=INK)
    _logarithmic(axes)
    axes.set_xlabel("ms, medians of the rounds")
    _legend(axes, columns=len(PERCENTILES))


def _legend(axes: Axes, *, columns: int) -> None:
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, columnspacing=1, handlelength=1)


def _logarithmic(axes: Axes) -> None:
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    subs = (1.0, 2.0, 5.0) if high < low * MANY_TIMES else (1.0,)
    axes.xaxis.set_major_locator(LogLocator(subs=subs))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
