"""Hourly control totals: what was read of the feed against what the ledger counts afterwards."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from game.ledger import reconcile_store as store
from game.ledger.comparing import totals_break
from game.ledger.kinds import Kind
from game.ledger.reconcile_store import Hour
from game.resources import Resources
from ledger_client import Entry
from ledger_client.options import TOTALS_RANGE_MAX

HOUR_MS: Final = 3_600_000
HOURS_MAX: Final = 500


def hours_of(entries: Sequence[Entry], *, after_seq: int, last_ms: int) -> list[Hour]:
    """The totals of a page, by hours that leave no place of the feed out.

    No hour goes back: an entry counts for the hour of the one before it (`last_ms`) at least.
    """
    hours: list[Hour] = []
    for hour_ms, found in groupby(_with_hours(entries, last_ms), key=lambda pair: pair[0]):
        part = [entry for _, entry in found]
        hours.append(
            Hour(
                hour_ms=hour_ms,
                from_seq=after_seq + 1,
                to_seq=part[-1].seq,
                entries=len(part),
                points=sum(entry.amount for entry in part),
            )
        )
        after_seq = part[-1].seq
    return hours


async def compare_hours(resources: Resources) -> bool:
    """Compare the hours that have ended with the ledger's totals; whether none was left out."""
    this_hour_ms = resources.clock() // HOUR_MS * HOUR_MS
    async with resources.pool.acquire() as conn:
        hours = await store.open_hours(conn, before_ms=this_hour_ms, limit=HOURS_MAX)
    for hour in hours:
        await _compare(resources, hour)
    return True


async def _compare(resources: Resources, hour: Hour) -> None:
    entries, points = 0, 0
    for start in range(hour.from_seq, hour.to_seq + 1, TOTALS_RANGE_MAX):
        end = min(start + TOTALS_RANGE_MAX - 1, hour.to_seq)
        totals = await resources.ledger.control_totals(from_seq=start, to_seq=end)
        entries, points = entries + totals.entries, points + totals.amount
    broken = totals_break(hour.hour_ms, (hour.entries, hour.points), (entries, points))
    now_ms = resources.clock()
    async with resources.pool.acquire() as conn, conn.transaction():
        if broken is not None:
            await store.open_breaks(conn, [broken], now_ms=now_ms)
            return
        await store.agree_hour(conn, hour.hour_ms)
        await store.close_breaks(conn, Kind.TOTALS_DIFFER, [f"hour:{hour.hour_ms}"], [], now_ms=now_ms)


def _with_hours(entries: Sequence[Entry], hour_ms: int) -> Iterator[tuple[int, Entry]]:
    for entry in entries:
        hour_ms = max(hour_ms, entry.posted_ms // HOUR_MS * HOUR_MS)
        yield hour_ms, entry
