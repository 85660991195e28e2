"""Replay of a log, entry by entry (docs/fairdraw.md, section 9, checks 2 to 10)."""

from collections.abc import Iterator

from game.fair.entries import BeaconEntry, CloseEntry, DrawEntry, Entry, PoolEntry, SeatEntry, decode
from game.fair.findings import Finding
from game.fair.state import LogState
from game.fair.statistics import deviations
from game.fair.verify_pool import DAY_MS, apply_close, apply_notice, apply_pool, late_close
from game.fair.verify_seat import apply_beacon, apply_draw, apply_seat


def apply_entry(log: LogState, data: bytes, leaf_hash: bytes) -> None:
    """Take the log's next entry in. Raises a Finding with its index where it breaks the protocol."""
    try:
        entry = decode(data)
        _check_place(log, entry)
        _apply(log, entry, leaf_hash)
    except Finding as finding:
        finding.entry = log.size
        raise
    log.size += 1


def _check_place(log: LogState, entry: Entry) -> None:
    if entry.i != log.size:
        raise Finding(2, f"index says {entry.i}")
    if entry.t < log.t:
        raise Finding(2, "time goes back")
    log.t = entry.t


def _apply(log: LogState, entry: Entry, leaf_hash: bytes) -> None:
    if isinstance(entry, DrawEntry):
        apply_draw(log, entry)
    elif isinstance(entry, SeatEntry):
        apply_seat(log, entry, leaf_hash)
    elif isinstance(entry, BeaconEntry):
        apply_beacon(log, entry)
    elif isinstance(entry, PoolEntry):
        apply_pool(log, entry, leaf_hash)
    elif isinstance(entry, CloseEntry):
        apply_close(log, entry)
    else:
        apply_notice(log, entry)


def warnings_at_end(log: LogState) -> Iterator[str]:
    """What is odd about a log without breaking the protocol."""
    yield from log.warnings
    for pool in log.pools.values():
        if not pool.closed and log.t > pool.entry.closes + DAY_MS:
            yield late_close(pool)
        yield from deviations(pool)
