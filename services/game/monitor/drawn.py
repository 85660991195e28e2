"""The draws of stretches of logs, each with its seat and the seat's draw before.

Nothing in a log ever changes, so what was read of a seat is kept for its next draw.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
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

_SeatKey = tuple[str, int]  # a campaign, and the index of the seat's entry

_recent: "Recent[tuple[asyncpg.Pool[asyncpg.Record], str, int], Sat]" = Recent(limit=SEATS_KEPT)


async def draws_in(
    conn: Connection, resources: Resources, stretches: Sequence[Stretch]
) -> Mapping[str, list[LoggedDraw]]:
    """The draws among the entries, by campaign, in the order of its log; without any it is absent."""
    entries = await store.entries_in(conn, stretches)
    draws = [(campaign_id, entry, draw) for campaign_id, entry in entries if (draw := draw_of(entry))]
    first = {(campaign_id, draw.seat): draw for campaign_id, _, draw in reversed(draws)}
    seats = await _seats(conn, resources, first)
    places: list[Sat] = []
    for campaign_id, entry, draw in draws:
        sat = seats[campaign_id, draw.seat]
        places.append(sat)
        seats[campaign_id, draw.seat] = msgspec.structs.replace(sat, last=entry)
    for key, sat in seats.items():
        _recent.put((resources.pool, *key), sat)
    turns = [_turn(campaign_id, sat, draw) for (campaign_id, _, draw), sat in zip(draws, places, strict=True)]
    refused = await store.after_refusals(conn, turns)
    found: defaultdict[str, list[LoggedDraw]] = defaultdict(list)
    for nth, ((campaign_id, entry, _), sat) in enumerate(zip(draws, places, strict=True), start=1):
        found[campaign_id].append(
            LoggedDraw(
                pool_id=sat.pool_id, entry=entry, before=sat.last, seat=sat.seat, after_refusal=nth in refused
            )
        )
    return found


async def _seats(
    conn: Connection, resources: Resources, first: Mapping[_SeatKey, DrawEntry]
) -> dict[_SeatKey, Sat]:
    """The seats as they stood before their first draws of the stretches."""
    kept = {key: _recent.get((resources.pool, *key)) for key in first}
    seats = {key: sat for key, sat in kept.items() if sat is not None and _is_next(sat, first[key])}
    missing = {(key[0], draw.i): key for key, draw in first.items() if key not in seats}
    if missing:
        found = await store.seats_of_draws(conn, missing)
        seats |= {missing[place]: sat for place, sat in found.items()}
    return seats


def _is_next(sat: Sat, draw: DrawEntry) -> bool:
    """Whether a draw is its seat's next one; else another process has counted those between."""
    last = None if sat.last is None else draw_of(sat.last)
    return draw.n == 1 + (0 if last is None else last.n)


def _turn(campaign_id: str, sat: Sat, draw: DrawEntry) -> tuple[str, bytes, int, int]:
    """A draw's seat, and when its draw before and it itself were logged, in ms."""
    before = None if sat.last is None else draw_of(sat.last)
    seat_id = bytes.fromhex(read_seat(sat.seat).entry.id)
    return campaign_id, seat_id, 0 if before is None else before.t, draw.t
