"""What was measured, as a table for people and as JSON for programs."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tests.bench.rounds import Series, Spread, costs, ratios


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One comparison: ours first, and its rate and its CPU time to the yardstick's, where there is one."""

    label: str
    series: Sequence[Series]
    ratio: Spread | None
    cost: Spread | None


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """Comparisons of one kind."""

    title: str
    rows: list[Row]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A whole run, and where it ran."""

    machine: dict[str, str]
    sections: list[Section]


def compared(label: str, ours: Series, yardstick: Series) -> Row:
    """A comparison with a yardstick."""
    rate, cpu = Spread.of(ratios(ours, yardstick)), Spread.of(costs(ours, yardstick))
    return Row(label=label, series=[ours, yardstick], ratio=rate, cost=cpu)


def alone(label: str, *series: Series) -> Row:
    """Figures that are compared with those of other rows."""
    return Row(label=label, series=series, ratio=None, cost=None)


def machine() -> dict[str, str]:
    """Where this runs."""
    return {
        "system": platform.platform(),
        "python": platform.python_version(),
        "cores": str(len(os.sched_getaffinity(0))),
        "load_at_start": f"{os.getloadavg()[0]:.1f}",
    }


def lines_of(section: Section) -> list[str]:
    """A section as lines of text."""
    lines = ["", section.title]
    for row in section.rows:
        lines += [f"  {row.label}{_stands(row)}", *(f"    {_line(each)}" for each in row.series)]
    return lines


def _stands(row: Row) -> str:
    if row.ratio is None or row.cost is None:
        return ""
    return (
        f": {_spread(row.ratio, '.2f')} of the yardstick's rate, {_spread(row.cost, '.2f')} of its CPU time"
    )


def _line(series: Series) -> str:
    cpu = "  ".join(f"{name} {us:,.0f}" for name, us in series.cpu_us.items() if us >= 0.5)
    latency = "  ".join(f"{name} {ms:,.1f} ms" for name, ms in series.latency_ms.items())
    return f"{series.name:<28}{_spread(series.per_second, ',.0f'):>24}/s  {latency}  CPU us: {cpu}"


def _spread(spread: Spread, form: str) -> str:
    return f"{spread.median:{form}} ({spread.least:{form}} to {spread.most:{form}})"


def write(report: Report, path: Path) -> None:
    """Store a run, with all its rounds."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
