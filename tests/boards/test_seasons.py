"""The seasons of a board: no gap, no overlap, whatever clocks do."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from game.boards.seasons import SEASONS_MAX, Period, Season, seasons_of
from game.instants import to_ms


def ms(text: str, zone: str = "Asia/Shanghai") -> int:
    """An instant by the clock on a wall."""
    return to_ms(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


def made(period: Period, opens: str, closes: str, zone: str = "Asia/Shanghai") -> list[Season]:
    """Seasons, of which it must hold that they fill the campaign."""
    opens_ms, closes_ms = ms(opens, zone), ms(closes, zone)
    found = seasons_of(period, opens_ms=opens_ms, closes_ms=closes_ms, time_zone=zone)
    starts, ends = [each.starts_ms for each in found], [each.ends_ms for each in found]
    assert (starts[0], ends[-1]) == (opens_ms, closes_ms)
    assert starts[1:] == ends[:-1]
    assert all(each.starts_ms < each.ends_ms for each in found)
    assert [each.counts_from_ms for each in found] == [0, *starts[1:]]
    assert [each.counts_until_ms for each in found[:-1]] == ends[:-1]
    return found


CASES: list[tuple[Period, str, str, str, list[str]]] = [
    ("campaign", "2026-09-22T00:00", "2026-10-02T00:00", "UTC", ["all"]),
    ("day", "2026-09-22T12:00", "2026-09-24T00:00", "UTC", ["2026-09-22", "2026-09-23"]),
    ("day", "2026-09-22T23:59", "2026-09-23T00:01", "UTC", ["2026-09-22", "2026-09-23"]),
    ("week", "2026-09-24T00:00", "2026-10-05T00:00", "UTC", ["2026-09-21", "2026-09-28"]),
    ("month", "2026-12-31T00:00", "2027-02-01T00:01", "UTC", ["2026-12-01", "2027-01-01", "2027-02-01"]),
    ("day", "2028-02-28T00:00", "2028-03-02T00:00", "UTC", ["2028-02-28", "2028-02-29", "2028-03-01"]),
    ("day", "2026-10-24T00:00", "2026-10-26T00:00", "Europe/Berlin", ["2026-10-24", "2026-10-25"]),
    # Samoa had no 30 December 2011.
    ("day", "2011-12-29T00:00", "2012-01-01T00:00", "Pacific/Apia", ["2011-12-29", "2011-12-31"]),
]


@pytest.mark.parametrize(("period", "opens", "closes", "zone", "names"), CASES)
def test_seasons_fill_the_campaign(
    period: Period, opens: str, closes: str, zone: str, names: list[str]
) -> None:
    """Each is named by its first local day."""
    assert [each.season for each in made(period, opens, closes, zone)] == names


def test_a_day_of_summer_time_is_shorter() -> None:
    """Days are those of the wall's clock."""
    (day,) = made("day", "2026-03-29T00:00", "2026-03-30T00:00", "Europe/Berlin")
    assert day.ends_ms - day.starts_ms == 23 * 3_600_000


def test_seasons_are_bounded() -> None:
    """More than the limit are not counted further than one beyond it."""
    found = seasons_of("day", opens_ms=1, closes_ms=10**13, time_zone="UTC")
    assert len(found) == SEASONS_MAX + 1
