"""Whether ratios are those that were recorded, as far as noise lets one say."""

from collections.abc import Iterator, Sequence
from enum import Enum
from statistics import median

import msgspec

from tests.bench.report import Section
from tests.bench.rounds import costs, ratios

# A median absolute deviation is this part of a standard deviation, where noise is normal.
NORMAL = 1.4826
SIGMAS = 3.0
# What rounds of one run do not tell: another day, another cluster, other neighbours on the machine. Rates
# depend on who else works there; CPU times hardly do.
FLOORS = {"rate": 0.25, "cpu": 0.1}


class Verdict(Enum):
    """What is to be said of a ratio."""

    SAME = "as recorded"
    WORSE = "WORSE"
    BETTER = "better: record it anew"
    MISSING = "NOT MEASURED"
    NEW = "not recorded yet"


FAILS = frozenset({Verdict.WORSE, Verdict.MISSING})


class Ratios(msgspec.Struct, frozen=True, kw_only=True):
    """One row's ratios to its yardstick, round by round: of rates, and of CPU times."""

    section: str
    row: str
    rate: list[float]
    cpu: list[float]


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """What was recorded, part by part, and where."""

    machine: dict[str, str]
    parts: dict[str, list[Ratios]]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A ratio now and as recorded, medians, and the share by which it may differ. None: there is none."""

    section: str
    row: str
    measure: str
    recorded: float | None
    now: float | None
    noise: float | None
    verdict: Verdict


def ratios_of(section: Section) -> list[Ratios]:
    """The ratios of all rows that have a yardstick."""
    return [
        Ratios(section=section.title, row=row.label, rate=ratios(*row.series), cpu=costs(*row.series))
        for row in section.rows
        if row.ratio is not None
    ]


def compare(recorded: Sequence[Ratios], now: Sequence[Ratios]) -> list[Finding]:
    """Each ratio that was recorded or measured, in the order of the record."""
    before, after = ({(each.section, each.row): each for each in rows} for rows in (recorded, now))
    return [finding for key in before | after for finding in _findings(key, before.get(key), after.get(key))]


def _findings(key: tuple[str, str], recorded: Ratios | None, now: Ratios | None) -> Iterator[Finding]:
    for measure in FLOORS:
        rounds = None if recorded is None else getattr(recorded, measure)
        then = None if rounds is None else median(rounds)
        found = None if now is None else median(getattr(now, measure))
        noise = None if rounds is None else noise_of(rounds, measure)
        yield Finding(
            section=key[0],
            row=key[1],
            measure=measure,
            recorded=then,
            now=found,
            noise=noise,
            verdict=_verdict(measure, then, found, noise),
        )


def noise_of(rounds: Sequence[float], measure: str) -> float:
    """The share of their median by which a ratio may differ: what the rounds themselves do, and a floor."""
    middle = median(rounds)
    deviation = NORMAL * median(abs(each - middle) for each in rounds)
    return FLOORS[measure] + SIGMAS * deviation / middle


def _verdict(measure: str, recorded: float | None, now: float | None, noise: float | None) -> Verdict:
    if now is None:
        return Verdict.MISSING
    if recorded is None or noise is None:
        return Verdict.NEW
    change = now / recorded if measure == "rate" else recorded / now
    if change < 1 - noise:
        return Verdict.WORSE
    return Verdict.BETTER if change > 1 + noise else Verdict.SAME
