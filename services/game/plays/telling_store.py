"""What players are told of their plays, read for many at once. Connection first."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

import msgspec

from game.db.connection import Connection
from game.db.statements import columns
from game.plays.drawing import Drawn
from game.plays.rules import Play, Seat
from game.plays.store import SQL, PlayerKey, struct_of

# A play's campaign, its id, and the number of a ticket in it.
TicketKey = tuple[str, UUID, int]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A play with its seat, how its player is called there, and its draws in order, once all are made."""

    play: Play
    seat: Seat | None
    tag: bytes | None
    draws: list[Drawn]


async def find_told(conn: Connection, keys: Collection[PlayerKey]) -> dict[PlayerKey, Found]:
    """Plays by (campaign, play), of whomever; those that are not there are left out."""
    found: dict[PlayerKey, Found] = {}
    for row in await conn.fetch(SQL.tell_plays, *columns(sorted(keys), 2)):
        key = (row[0], row[1])
        if key not in found:
            found[key] = _found(row)
        if row[_DRAW + 3] is not None:
            found[key].draws.append(struct_of(Drawn, row[_DRAW:]))
    return found


_PLAY = len(Play.__struct_fields__)
_TAG = _PLAY + len(Seat.__struct_fields__)
_DRAW = _TAG + 1


def _found(row: Any) -> Found:
    has_seat = row[_PLAY] is not None
    play = struct_of(Play, row[:_PLAY])
    assert has_seat or play.seat_id is None, "a play's seat is logged before the play is stored, or with it"
    return Found(
        play=play,
        seat=struct_of(Seat, row[_PLAY:_TAG]) if has_seat else None,
        tag=row[_TAG],
        draws=[],
    )


async def uncover(conn: Connection, tickets: Iterable[TicketKey], *, now_ms: int) -> Mapping[str, list[int]]:
    """Uncover tickets; by campaign the entries of those that were covered. The others keep their time."""
    entries: defaultdict[str, list[int]] = defaultdict(list)
    for row in await conn.fetch(SQL.uncover, *columns(sorted(tickets), 3), now_ms):
        entries[row["campaign_id"]].append(row["entry_index"])
    return entries
