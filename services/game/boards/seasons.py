"""The seasons of a board: the whole campaign, or its days, weeks or months in its time zone. Pure."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal, assert_never
from zoneinfo import ZoneInfo

import msgspec

from game.campaigns.rules import local_day
from game.instants import to_ms

Period = Literal["campaign", "day", "week", "month"]

SEASONS_MAX: Final = 400
WHOLE: Final = "all"
EVER_MS: Final = 2**53 - 1


class Season(msgspec.Struct, frozen=True, kw_only=True):
    """A season, by its first local day, or `all`; it lasts from `starts_ms` to before `ends_ms`.

    What happened from `counts_from_ms` to before `counts_until_ms` counts: also what was before the first
    season, such as past events that are credited, and what comes after the last, such as late draws.
    """

    season: str
    starts_ms: int
    ends_ms: int
    counts_from_ms: int
    counts_until_ms: int


def seasons_of(period: Period, *, opens_ms: int, closes_ms: int, time_zone: str) -> list[Season]:
    """The seasons of a campaign, at most SEASONS_MAX + 1; weeks begin on Monday. None of them is empty."""
    starts = list(_starts(period, opens_ms, closes_ms, time_zone))
    ends = [*(start_ms for _, start_ms in starts[1:]), closes_ms]
    last = len(starts) - 1
    return [
        Season(
            season=name,
            starts_ms=start_ms,
            ends_ms=end_ms,
            counts_from_ms=start_ms if nth else 0,
            counts_until_ms=end_ms if nth < last else EVER_MS,
        )
        for nth, ((name, start_ms), end_ms) in enumerate(zip(starts, ends, strict=True))
    ]


def _starts(period: Period, opens_ms: int, closes_ms: int, time_zone: str) -> Iterator[tuple[str, int]]:
    """The names and beginnings of the seasons; days that a zone skips have none."""
    if period == "campaign":
        yield WHOLE, opens_ms
        return
    first = _first_day(period, local_day(opens_ms, time_zone))
    start_ms = opens_ms
    for _ in range(SEASONS_MAX + 1):
        after = _next_day(period, first)
        end_ms = _start_of(after, time_zone)
        if end_ms > start_ms:
            yield first.isoformat(), start_ms
            start_ms = end_ms
        if end_ms >= closes_ms:
            return
        first = after


def _first_day(period: Period, day: date) -> date:
    match period:
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "day" | "campaign":
            return day
        case _:
            assert_never(period)


def _next_day(period: Period, first: date) -> date:
    if period == "month":
        return (first + timedelta(days=31)).replace(day=1)
    return first + timedelta(days=7 if period == "week" else 1)


def _start_of(day: date, time_zone: str) -> int:
    """The first instant of a local day; where midnight does not exist, the offset before the gap applies."""
    return to_ms(datetime.combine(day, time.min, tzinfo=ZoneInfo(time_zone)).astimezone(UTC))
