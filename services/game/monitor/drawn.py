"""The draws of a stretch of a log, each with its seat and the seat's draw before.

Nothing in a log ever changes, so what was read of a seat is kept for its next draw.
"""

from collections.abc import Mapping
from typing import Final

import asyncpg
import msgspec

from game.db.connection import Connection
from game.fair.entries import DrawEntry
from game.monitor import store
from game.monitor.rules import LoggedDraw, Sat, draw_of, read_seat
from game.monitor.store import Stretch
from game.recent import Recent
from game.resources import Resources

SEATS_KEPT: Final = 8_192

_recent: "Recent[tuple[asyncpg.Pool[asyncpg.Record], str, int], Sat]" = Recent(limit=SEATS_KEPT)


async def draws_in(conn: Connection, resources: Resources, stretch: Stretch) -> list[LoggedDraw]:
    """The draws among the entries, in the order of the log."""
    entries = await store.entries_in(conn, stretch)
    draws = {entry: draw for entry in entries if (draw := draw_of(entry)) is not None}
    first = {draw.seat: draw for draw in reversed(draws.values())}
    seats = await _seats(conn, resources, stretch.campaign_id, first)
    places: list[Sat] = []
    for entry, draw in draws.items():
        places.append(seats[draw.seat])
        seats[draw.seat] = msgspec.structs.replace(seats[draw.seat], last=entry)
    for index, sat in seats.items():
        _recent.put((resources.pool, stretch.campaign_id, index), sat)
    turns = [_turn(sat, draw) for sat, draw in zip(places, draws.values(), strict=True)]
    refused = await store.after_refusals(conn, turns, campaign_id=stretch.campaign_id)
    return [
        LoggedDraw(
            pool_id=sat.pool_id, entry=entry, before=sat.last, seat=sat.seat, after_refusal=nth in refused
        )
        for nth, (entry, sat) in enumerate(zip(draws, places, strict=True), start=1)
    ]


async def _seats(
    conn: Connection, resources: Resources, campaign_id: str, first: Mapping[int, DrawEntry]
) -> dict[int, Sat]:
    """The seats as they stood before their first draws of the stretch, by the index of their entries."""
    kept = {index: _recent.get((resources.pool, campaign_id, index)) for index in first}
    seats = {index: sat for index, sat in kept.items() if sat is not None and _is_next(sat, first[index])}
    missing = {draw.i: index for index, draw in first.items() if index not in seats}
    if missing:
        found = await store.seats_of_draws(conn, missing, campaign_id=campaign_id)
        seats |= {missing[draw_index]: sat for draw_index, sat in found.items()}
    return seats


def _is_next(sat: Sat, draw: DrawEntry) -> bool:
    """Whether a draw is its seat's next one; else another process has counted those between."""
    last = None if sat.last is None else draw_of(sat.last)
    return draw.n == 1 + (0 if last is None else last.n)


def _turn(sat: Sat, draw: DrawEntry) -> tuple[bytes, int, int]:
    """A draw's seat, and when its draw before and it itself were logged, in ms."""
    before = None if sat.last is None else draw_of(sat.last)
    return bytes.fromhex(read_seat(sat.seat).entry.id), 0 if before is None else before.t, draw.t
