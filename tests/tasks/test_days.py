"""A player's calendar across summer time and travel."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.instants import to_datetime, to_ms
from game.tasks.days import Zone, changed, day_at, end_of_day, exists, start_of, zone_at

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
