"""Milliseconds since the epoch inside, RFC 3339 on the wire."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_datetime(ms: int) -> datetime:
    """An instant in UTC, as it is written on the wire."""
    return _EPOCH + ms * _MILLISECOND


def to_ms(instant: datetime) -> int:
    """An instant with a time zone in whole milliseconds, rounded down."""
    return (instant - _EPOCH) // _MILLISECOND
