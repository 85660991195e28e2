"""The rows of events as managers look at them and have them tried again."""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, Final, cast
from uuid import UUID

import asyncpg
import msgspec

from game.db.connection import Connection
from game.db.statements import load
from game.webhooks.rules import Said, State
from game.webhooks.store import encoded

OPEN: Final = frozenset({"stored", "unknown", "dead"})
# So many events are looked at for a page of one type, or of a state that is an end; so much of them is told.
LOOK_BACK: Final = 10_000
PAGE_BYTES: Final = 1_048_576
_OLDEST: Final = UUID(int=0)

_SQL = load("game.webhooks")


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Which events: those before an id, and of a state, type or subject; None: of any."""

    before: UUID
    state: State | None
    type_name: str | None
    subject: str | None


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """An event with all that is known of it. Without a subject, its type was unknown when it came."""

    event_id: UUID
    source: str
    webhook_id: str
    type: str
    reverses: str | None
    subject: str | None
    occurrence: str | None
    sequence: int | None
    occurred_ms: int
    received_ms: int
    attributes: Mapping[str, Any]
    state: State
    attempts: int
    next_attempt_ms: int
    reason: str | None


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Events, newest first; `next` is what the page that follows is before, None: there is none."""

    letters: Sequence[Letter]
    next: UUID | None


async def list_events(conn: Connection, asked: Asked, *, brand_id: str, limit: int) -> Page:
    """One page of a brand's events: fewer than the limit where they are long, or far between."""
    statement = _SQL.list_open_events if asked.state in OPEN else _SQL.list_events
    oldest = await _look_back(conn, asked, brand_id=brand_id)
    rows = await conn.fetch(
        statement,
        brand_id,
        asked.before,
        asked.state,
        asked.type_name,
        asked.subject,
        limit,
        oldest or _OLDEST,
    )
    told = _fitting([row["attributes"] for row in rows])
    is_cut = told < len(rows) or told == limit
    return Page(
        letters=[_letter(row) for row in rows[:told]],
        next=rows[told - 1]["event_id"] if is_cut else oldest,
    )


async def _look_back(conn: Connection, asked: Asked, *, brand_id: str) -> UUID | None:
    """Back to which event is looked at; None: to the first, since an index leads to what is asked for."""
    last, is_open = LOOK_BACK - 1, asked.state in OPEN
    if asked.subject is not None or (asked.type_name is None and (is_open or asked.state is None)):
        return None
    if is_open:
        found = await conn.fetchval(_SQL.look_back_open, brand_id, asked.before, last, asked.state)
    else:
        found = await conn.fetchval(_SQL.look_back, brand_id, asked.before, last)
    return cast("UUID | None", found)


def _fitting(texts: Sequence[str]) -> int:
    """How many of these fit a page, at least the first."""
    sizes = accumulate(len(text.encode()) for text in texts)
    return max(sum(size <= PAGE_BYTES for size in sizes), min(len(texts), 1))


async def find_event(conn: Connection, *, brand_id: str, event_id: UUID) -> Letter | None:
    """An event; None: there is none, or it is another brand's."""
    row = await conn.fetchrow(_SQL.find_event, brand_id, event_id)
    return None if row is None else _letter(row)


def _letter(row: asyncpg.Record) -> Letter:
    return Letter(**dict(row) | {"attributes": msgspec.json.decode(row["attributes"])})


async def redrive_dead(
    conn: Connection,
    *,
    brand_id: str,
    now_ms: int,
    event_id: UUID | None,
    type_name: str | None,
    limit: int,
) -> int:
    """Give dead letters (one, those of a type, or all) their attempts again; how many there were."""
    return len(await conn.fetch(_SQL.redrive_dead, brand_id, now_ms, event_id, type_name, limit))


async def read_unknown(
    conn: Connection, said: Said, *, brand_id: str, event_id: UUID, player_id: UUID, now_ms: int
) -> None:
    """Store what an event says whose type was unknown. UniqueViolationError: its occurrence is taken."""
    await conn.execute(
        _SQL.read_unknown,
        brand_id,
        event_id,
        said.reverses,
        player_id,
        said.occurrence,
        said.sequence,
        encoded(said.attributes),
        now_ms,
    )
