"""What the monitor reads from a log, made of a book's lines; and what it has counted in a database."""

from typing import Any

from game.fair.entries import DrawEntry, SeatEntry, decode, leaf_hash
from game.monitor.following import follow_closes, follow_draws
from game.monitor.rules import LeftSeat, LoggedDraw, LoggedSeat
from game.resources import Resources
from tests.plays.book import Book


def seat_at(book: Book, index: int) -> LoggedSeat:
    """A seat as the monitor reads it."""
    entry = decode(book.lines[index])
    assert isinstance(entry, SeatEntry)
    signature = None if entry.round is None else book.rounds[entry.round]
    return LoggedSeat(entry=book.lines[index], leaf_hash=leaf_hash(book.lines[index]), signature=signature)


def draws_of(book: Book, pool_id: str = "main", *, after_refusal: bool = False) -> list[LoggedDraw]:
    """The draws of a book with one pool."""
    found: list[LoggedDraw] = []
    before: dict[int, bytes] = {}
    for line in book.lines:
        entry = decode(line)
        if isinstance(entry, DrawEntry):
            found.append(
                LoggedDraw(
                    pool_id=pool_id,
                    entry=line,
                    before=before.get(entry.seat),
                    seat=seat_at(book, entry.seat),
                    after_refusal=after_refusal,
                )
            )
            before[entry.seat] = line
    return found


def left_of(book: Book, *, after_refusal: bool = False) -> list[LeftSeat]:
    """The seats of a book that were not used up."""
    return [
        LeftSeat(seat=seat_at(book, seat.entry_index), taken=seat.draws_taken, after_refusal=after_refusal)
        for seat in book.seats.values()
        if seat.entry_index is not None and seat.draws_taken < seat.seat_draws
    ]


async def counted(resources: Resources) -> dict[tuple[str, str], list[int]]:
    """Count all that is there; what the monitor has of each pool and series."""
    while await follow_draws(resources) or await follow_closes(resources):
        pass
    rows = await resources.pool.fetch("SELECT pool_id, series, picks FROM fit_count")
    return {(row["pool_id"], row["series"]): row["picks"] for row in rows}


async def alerts(resources: Resources) -> list[dict[str, Any]]:
    """The alerts that stand."""
    return [
        dict(row) for row in await resources.pool.fetch("SELECT * FROM fit_alert ORDER BY pool_id, series")
    ]
