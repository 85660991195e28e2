"""Instants of a log in words."""

from datetime import UTC, datetime

LAST_MS = int(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()) * 1000


def utc(t_ms: int) -> str:
    """Milliseconds since the epoch, in UTC to the second. A log may hold times that no calendar has."""
    if t_ms > LAST_MS:
        return f"{t_ms} ms"
    return datetime.fromtimestamp(t_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
