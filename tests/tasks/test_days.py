"""A player's calendar across summer time and travel."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.instants import to_datetime, to_ms
from game.tasks.days import (
    CHANGES_MAX,
    CHANGES_MS,
    Zone,
    changeable_ms,
    changed,
    day_at,
    end_of_day,
    ends_ms,
    exists,
    start_of,
    within,
    zone_at,
)

HOUR_MS = 3_600_000
NAMES = (
    "Asia/Shanghai",
    "Pacific/Kiritimati",
    "Etc/GMT+12",
    "America/New_York",
    "Africa/Cairo",
    "Asia/Kathmandu",
)


def at(text: str, zone: str = "UTC") -> int:
    """An instant by its local time."""
    return to_ms(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC))


@pytest.mark.parametrize(
    ("zone", "day", "starts", "hours"),
    [
        ("Asia/Shanghai", "2026-11-23", "2026-11-22T16:00", 24),
        ("America/New_York", "2026-03-08", "2026-03-08T05:00", 23),
        ("America/New_York", "2026-11-01", "2026-11-01T04:00", 25),
        ("Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00", 24.5),
        ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00", 23),  # the clock goes from 00:00 to 01:00
        ("America/Santiago", "2026-09-06", "2026-09-06T04:00", 23),
        ("Asia/Shanghai", "2028-02-29", "2028-02-28T16:00", 24),
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00", 0),  # Samoa went over the date line
    ],
)
def test_days_have_the_hours_of_their_zone(zone: str, day: str, starts: str, hours: float) -> None:
    """Summer time in both directions, at midnight too, a leap day, and a day that never was."""
    start = start_of(date.fromisoformat(day), zone)
    assert to_datetime(start) == datetime.fromisoformat(starts).replace(tzinfo=UTC)
    assert start_of(date.fromisoformat(day) + timedelta(days=1), zone) - start == hours * HOUR_MS


def test_a_day_is_the_players_own() -> None:
    """One instant is Monday evening in New York and Tuesday in Shanghai."""
    now = at("2026-11-23T20:00", "America/New_York")
    assert day_at([Zone(0, "America/New_York")], now) == date(2026, 11, 23)
    assert day_at([Zone(0, "Asia/Shanghai")], now) == date(2026, 11, 24)


def test_a_new_zone_waits_for_the_end_of_the_day() -> None:
    """Asked for at noon, it is in force from midnight on."""
    now = at("2026-11-23T12:00", "Asia/Shanghai")
    zones = changed([Zone(0, "Asia/Shanghai")], "Europe/London", now_ms=now)
    midnight = at("2026-11-24T00:00", "Asia/Shanghai")
    assert zones == (Zone(0, "Asia/Shanghai"), Zone(midnight, "Europe/London"))
    assert zone_at(zones, midnight - 1) == "Asia/Shanghai"
    assert zone_at(zones, midnight) == "Europe/London"


def test_a_zone_that_waits_is_replaced() -> None:
    """Asking again the same day leaves one that waits; asking for the present one leaves none."""
    now = at("2026-11-23T12:00", "Asia/Shanghai")
    zones = changed([Zone(0, "Asia/Shanghai")], "Europe/London", now_ms=now)
    assert [zone.name for zone in changed(zones, "Asia/Tokyo", now_ms=now)] == ["Asia/Shanghai", "Asia/Tokyo"]
    assert changed(zones, "Asia/Shanghai", now_ms=now) == (Zone(0, "Asia/Shanghai"),)


def test_a_day_that_travel_skips_does_not_exist() -> None:
    """From the westernmost zone to the easternmost, the day between had no instant."""
    west, east = "Etc/GMT+12", "Pacific/Kiritimati"
    zones = changed([Zone(0, west)], east, now_ms=at("2026-11-23T12:00", west))
    assert day_at(zones, at("2026-11-23T23:59", west)) == date(2026, 11, 23)
    assert day_at(zones, at("2026-11-24T00:00", west)) == date(2026, 11, 25)
    assert not exists(zones, date(2026, 11, 24))
    assert exists(zones, date(2026, 11, 23))
    assert exists(zones, date(2026, 11, 25))
    assert exists([Zone(0, west)], date(2026, 11, 24))
    assert not exists([Zone(0, "Pacific/Apia")], date(2011, 12, 30))


def test_a_day_that_comes_again_ends_when_it_ends_for_good() -> None:
    """In Havana the clock goes from 01:00 back to 00:00: an end lies ahead at every instant of the day."""
    zones = [Zone(0, "America/Havana")]
    for hour in range(26):
        now = at("2026-10-31T23:00", "America/Havana") + hour * HOUR_MS
        assert now < end_of_day(zones, now_ms=now) <= now + 26 * HOUR_MS


def test_a_first_choice_opens_no_day_again() -> None:
    """The campaign's zone counts to the end of its day, in whichever direction the player goes."""
    now = at("2026-11-23T12:00", "Asia/Shanghai")
    midnight = at("2026-11-24T00:00", "Asia/Shanghai")
    assert within((), "Asia/Shanghai") == (Zone(0, "Asia/Shanghai"),)
    for name in ("America/New_York", "Pacific/Kiritimati"):
        zones = within((Zone(now, name),), "Asia/Shanghai")
        assert zones == (Zone(0, "Asia/Shanghai"), Zone(midnight, name))
        assert day_at(zones, midnight - 1) == date(2026, 11, 23)
        assert day_at(zones, midnight) >= date(2026, 11, 23)


def test_choices_of_one_day_end_in_the_last() -> None:
    """What came into force before the campaign's day was over has never counted there."""
    chosen: tuple[Zone, ...] = (Zone(at("2026-11-23T01:00", "Asia/Shanghai"), "America/New_York"),)
    chosen = changed(chosen, "Europe/London", now_ms=at("2026-11-23T02:00", "Asia/Shanghai"))
    assert chosen[1].since_ms == at("2026-11-23T13:00", "Asia/Shanghai")  # midnight in New York
    midnight = at("2026-11-24T00:00", "Asia/Shanghai")
    assert within(chosen, "Asia/Shanghai") == (Zone(0, "Asia/Shanghai"), Zone(midnight, "Europe/London"))
    later = changed(chosen, "Asia/Tokyo", now_ms=at("2026-11-25T12:00", "Europe/London"))
    asked = at("2026-11-26T00:00", "Europe/London")
    assert within(later, "Asia/Shanghai")[2:] == (Zone(asked, "Asia/Tokyo"),)


def test_a_zone_changes_a_few_times_a_month() -> None:
    """Then another one is taken from the time on at which the first of these changes is a month old."""
    chosen: tuple[Zone, ...] = (Zone(0, "Asia/Shanghai"),)
    now = at("2026-11-01T12:00")
    for name in NAMES[1 : 1 + CHANGES_MAX]:
        assert changeable_ms(chosen, now_ms=now) is None
        chosen = changed(chosen, name, now_ms=now)
        now = end_of_day(chosen[:-1], now_ms=now)
    opens = chosen[1].since_ms + CHANGES_MS
    assert changeable_ms(chosen, now_ms=now) == opens
    assert changeable_ms(chosen, now_ms=opens - 1) == opens
    assert changeable_ms(chosen, now_ms=opens) is None


@pytest.mark.parametrize(
    ("goes", "day", "ends"),
    [
        ("America/New_York", "2026-11-23", "2026-11-24T05:00"),  # the day comes again, to its end there
        ("Asia/Tokyo", "2026-11-23", "2026-11-23T16:00"),
        ("Asia/Tokyo", "2026-11-24", "2026-11-24T15:00"),
    ],
)
def test_when_a_day_is_over_for_good(goes: str, day: str, ends: str) -> None:
    """With the zone in which it ends last."""
    zones = changed([Zone(0, "Asia/Shanghai")], goes, now_ms=at("2026-11-23T12:00", "Asia/Shanghai"))
    assert ends_ms(zones, date.fromisoformat(day)) == at(ends)


@pytest.mark.parametrize(
    ("west", "east", "lost"),
    [
        ("Etc/GMT+12", "Pacific/Kiritimati", True),
        ("Pacific/Pago_Pago", "Pacific/Apia", True),  # over the date line, 200 km
        ("Europe/London", "Asia/Shanghai", False),
        ("America/New_York", "Pacific/Auckland", False),
    ],
)
def test_the_date_line_in_both_directions(west: str, east: str, *, lost: bool) -> None:
    """Eastwards in the calendar a day may be lost; back again one comes twice, and counts once."""
    zones = changed([Zone(0, west)], east, now_ms=at("2026-11-23T12:00", west))
    assert exists(zones, date(2026, 11, 24)) is not lost
    back = changed(zones, west, now_ms=at("2026-11-26T12:00", east))
    days = [day_at(back, at("2026-11-20T00:00", west) + hour * HOUR_MS) for hour in range(24 * 10)]
    assert all(later >= earlier - timedelta(days=1) for earlier, later in pairwise(days))
    assert ends_ms(back, date(2026, 11, 26)) == at("2026-11-27T00:00", west)


@given(hops=st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 40)), max_size=20))
def test_hopping_gains_at_most_a_day_or_two(hops: list[tuple[str, int]]) -> None:
    """Whatever zones a player asks for and when: never more days than had passed, but for one."""
    start = now = at("2026-03-01T00:00")
    zones: tuple[Zone, ...] = (Zone(0, "Asia/Shanghai"),)
    seen = {day_at(zones, now)}
    for name, hours in hops:
        zones = changed(zones, name, now_ms=now)
        for _ in range(hours):
            now += HOUR_MS
            seen.add(day_at(zones, now))
    assert len(seen) <= (now - start) / (24 * HOUR_MS) + 2.3
