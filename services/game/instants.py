"""Milliseconds since the epoch inside, RFC 3339 on the wire."""

from datetime import UTC, datetime, timedelta

from game.errors import Invalid

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
FIRST_MS = -62_135_596_800_000
LAST_MS = 253_402_300_799_999


def to_datetime(ms: int) -> datetime:
    """An instant in UTC, as it is written on the wire."""
    return _EPOCH + ms * _MILLISECOND


def to_ms(instant: datetime, *, field: str = "$") -> int:
    """An instant with a time zone in whole milliseconds, rounded down.

    `field` says where it stands (a JSON path). Invalid for one that is outside of the years 1 to 9999 in UTC:
    it could never be written on the wire.
    """
    ms = (instant - _EPOCH) // _MILLISECOND
    if not FIRST_MS <= ms <= LAST_MS:
        rule = "in the years 1 to 9999 in UTC"
        raise Invalid("rule_broken", f"{field}: an instant {rule}", field=field, rule=rule)
    return ms
