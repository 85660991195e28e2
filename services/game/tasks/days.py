"""A player's calendar: which local day an instant is on, across summer time and travel. Pure.

A new time zone comes into force at the end of the day on which it was asked for. A day counts once, whatever
zone it was a day of, and no zone is further ahead than 14 hours: hopping between zones gains one day at most.
Until a player chose a zone, each campaign's own counts there, to the end of the day of the choice.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from game.instants import to_datetime, to_ms

DAY = timedelta(days=1)
# So many zones may come into force within so long, the first one aside: at most 49 a year.
CHANGES_MAX: Final = 4
CHANGES_MS: Final = 30 * 86_400_000
_EVER: Final = 1 << 62


class Zone(msgspec.Struct, frozen=True):
    """An IANA time zone that is a player's own from `since_ms` on."""

    since_ms: int
    name: str


Zones = Sequence[Zone]
"""A player's zones, oldest first; the first is in force since ever."""


def zone_at(zones: Zones, at_ms: int) -> str:
    """The zone in force at an instant."""
    return next((zone.name for zone in reversed(zones) if zone.since_ms <= at_ms), zones[0].name)


def day_at(zones: Zones, at_ms: int) -> date:
    """The player's local day at an instant."""
    return to_datetime(at_ms).astimezone(ZoneInfo(zone_at(zones, at_ms))).date()


def start_of(day: date, zone: str) -> int:
    """The first instant (ms) of a local day; a day that the zone skips starts with the one after it.

    Where midnight does not exist, the offset before the gap applies (PEP 495): that is the end of the gap.
    """
    return to_ms(datetime.combine(day, time.min, tzinfo=ZoneInfo(zone)).astimezone(UTC))


def changed(zones: Zones, name: str, *, now_ms: int) -> tuple[Zone, ...]:
    """The zones once the player has asked for another: at most one waits for the end of the day."""
    in_force = tuple(zone for zone in zones if zone.since_ms <= now_ms) or (zones[0],)
    if name == in_force[-1].name:
        return in_force
    return (*in_force, Zone(end_of_day(in_force, now_ms=now_ms), name))


def within(chosen: Zones, default: str) -> tuple[Zone, ...]:
    """The zones that a player chose (none: nothing yet) as they count in a campaign with one of its own.

    The first of them has the instant of the choice, and counts from the end of the campaign's day on: so it
    opens no day again that was used before.
    """
    own = Zone(0, default)
    if not chosen:
        return (own,)
    begins_ms = end_of_day([own], now_ms=chosen[0].since_ms)
    begun = [zone for zone in chosen if zone.since_ms <= begins_ms]
    return (own, Zone(begins_ms, begun[-1].name), *chosen[len(begun) :])


def changeable_ms(chosen: Zones, *, now_ms: int) -> int | None:
    """From when on another zone may be asked for; None: now."""
    changes = [zone.since_ms for zone in chosen[1:] if zone.since_ms <= now_ms]
    if len(changes) < CHANGES_MAX or changes[-CHANGES_MAX] + CHANGES_MS <= now_ms:
        return None
    return changes[-CHANGES_MAX] + CHANGES_MS


def end_of_day(zones: Zones, *, now_ms: int) -> int:
    """When the player's present day ends (ms)."""
    zone = zone_at(zones, now_ms)
    # Where clocks are set back over midnight, the present day may come again after its end.
    ends = start_of(day_at(zones, now_ms) + DAY, zone)
    return ends if ends > now_ms else start_of(day_at(zones, now_ms) + 2 * DAY, zone)


def exists(zones: Zones, day: date) -> bool:
    """Whether a day had any instant for the player: travel and changes of the calendar skip some."""
    return ends_ms(zones, day) is not None


def ends_ms(zones: Zones, day: date) -> int | None:
    """When a day is over for good, whatever zone it was a day of; None: it has no instant."""
    ends = [
        min(start_of(day + DAY, zone.name), until)
        for zone, until in zip(zones, [*(zone.since_ms for zone in zones[1:]), _EVER], strict=True)
        if max(start_of(day, zone.name), zone.since_ms if zone is not zones[0] else -_EVER)
        < min(start_of(day + DAY, zone.name), until)
    ]
    return max(ends, default=None)
