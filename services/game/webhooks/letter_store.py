"""The rows of events as managers look at them and have them tried again."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from game.db.connection import Connection
from game.db.statements import load
from game.webhooks.rules import Said, State
from game.webhooks.store import encoded

OPEN: Final = frozenset({"stored", "unknown", "dead"})

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


async def list_events(conn: Connection, asked: Asked, *, brand_id: str, limit: int) -> list[Letter]:
    """One page of a brand's events, newest first."""
    statement = _SQL.list_open_events if asked.state in OPEN else _SQL.list_events
    rows = await conn.fetch(
        statement, brand_id, asked.before, asked.state, asked.type_name, asked.subject, limit
    )
    return [_letter(row) for row in rows]


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
