"""Past events, and the credits that people want to give for them."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from game.db.connection import Connection
from game.db.statements import load
from game.tasks.records import TaskKey
from game.webhooks.store import Event

_SQL = load("game.tasks")


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """A page of events; `last` is the last one that was looked at, None at the end."""

    events: tuple[Event, ...]
    last: UUID | None


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Events that somebody wants to count for a task. `approved_by` is None before somebody else agrees."""

    task_id: str
    digest: bytes
    event_ids: tuple[UUID, ...]
    asked_by: str
    approved_by: str | None


class CountedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event that adds `amount` to a task's window that starts on a day."""

    event_id: UUID
    source: str
    type: str
    occurrence: str
    occurred_ms: int
    attributes: Mapping[str, Any]
    window_start: date
    amount: int


async def past_events(
    conn: Connection, types: Collection[str], *, brand_id: str, after: UUID, limit: int
) -> Past:
    """The processed events of some types among the next `limit` of a brand."""
    rows = await conn.fetch(_SQL.past_events, brand_id, after, list(types), limit)
    return Past(
        events=tuple(_event(row) for row in rows if row["counts"]),
        last=rows[-1]["event_id"] if rows else None,
    )


async def processed_events(conn: Connection, event_ids: Collection[UUID], *, brand_id: str) -> list[Event]:
    """Those of some events that are processed and were not taken back."""
    return [_event(row) for row in await conn.fetch(_SQL.processed_events, brand_id, list(event_ids))]


async def evidence_of(conn: Connection, key: TaskKey, *, limit: int) -> list[CountedEvent]:
    """The newest events that count for a player's task, as far as they are kept."""
    rows = await conn.fetch(_SQL.evidence_of, key.campaign_id, key.task_id, key.player_id, limit)
    return [
        CountedEvent(**dict(row) | {"attributes": msgspec.json.decode(row["attributes"])}) for row in rows
    ]


async def subjects_of(conn: Connection, player_ids: Collection[UUID]) -> dict[UUID, str]:
    """The brand's own names of players; no entry: the player was erased."""
    rows = await conn.fetch(_SQL.subjects_of, list(player_ids))
    return {row["player_id"]: row["subject"] for row in rows}


async def counted_events(
    conn: Connection, event_ids: Collection[UUID], *, campaign_id: str, task_id: str
) -> set[UUID]:
    """Those of some events that have counted for a task, reversed or not."""
    rows = await conn.fetch(_SQL.counted_events, campaign_id, task_id, list(event_ids))
    return {row["event_id"] for row in rows}


async def insert_credit(
    conn: Connection, asked: Asked, *, campaign_id: str, credit_id: UUID, now_ms: int
) -> None:
    """Keep what somebody wants to credit."""
    fields = (asked.task_id, asked.digest, list(asked.event_ids), asked.asked_by)
    await conn.execute(_SQL.insert_credit, campaign_id, credit_id, *fields, now_ms)


async def lock_credit(conn: Connection, *, campaign_id: str, credit_id: UUID) -> Asked | None:
    """What somebody wants to credit, locked; None: there is no such credit."""
    row = await conn.fetchrow(_SQL.lock_credit, campaign_id, credit_id)
    return None if row is None else Asked(**{**dict(row), "event_ids": tuple(row["event_ids"])})


async def approve_credit(conn: Connection, *, campaign_id: str, credit_id: UUID, actor: str) -> None:
    """Note who approved a locked credit."""
    await conn.execute(_SQL.approve_credit, campaign_id, credit_id, actor)


def _event(row: Any) -> Event:
    fields = {name: row[name] for name in Event.__struct_fields__}
    return Event(**fields | {"attributes": msgspec.json.decode(row["attributes"])})
