"""The rows of events: many at once when they come, one by one as they are processed."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from game.db.connection import Connection
from game.db.statements import load
from game.webhooks.rules import Said, State

_SQL = load("game.webhooks")


class NewEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it came: whose, with which webhook, and what its body says."""

    brand_id: str
    event_id: UUID
    source: str
    webhook_id: str
    body_digest: bytes
    player_id: UUID | None
    said: Said


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What a webhook or its occurrence has brought before."""

    event_id: UUID
    is_webhook: bool
    body_digest: bytes


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """An event to process. `reverses`: the type of the processed event that it takes back, None: none."""

    brand_id: str
    event_id: UUID
    source: str
    type: str
    reverses: str | None
    player_id: UUID
    occurrence: str
    sequence: int | None
    occurred_ms: int
    attributes: Mapping[str, int | str | bool]
    attempts: int
    next_attempt_ms: int


async def insert_events(conn: Connection, events: Sequence[NewEvent], *, now_ms: int) -> set[UUID]:
    """Store events; the ids of those that are new."""
    columns = zip(*(_row(event) for event in events), strict=True)
    rows = await conn.fetch(_SQL.insert_events, *map(list, columns), now_ms)
    return {row["event_id"] for row in rows}


def _row(event: NewEvent) -> tuple[Any, ...]:
    said = event.said
    return (
        event.brand_id, event.event_id, event.source, event.webhook_id, event.body_digest, said.type,
        said.reverses, event.player_id, said.occurrence, said.sequence, said.occurred_ms,
        encoded(said.attributes), said.state,
    )  # fmt: skip


def encoded(attributes: Mapping[str, Any]) -> str:
    """Attributes as they are stored."""
    return msgspec.json.encode(attributes).decode()


async def find_events(conn: Connection, events: Sequence[NewEvent]) -> list[Known | None]:
    """What stands in the place of each event; None: nothing any more."""
    rows = [(e.brand_id, e.source, e.webhook_id, e.player_id, e.said.type, e.said.occurrence) for e in events]
    found = await conn.fetch(_SQL.find_events, *map(list, zip(*rows, strict=True)))
    known = {
        row["ordinal"]: Known(
            event_id=row["event_id"], is_webhook=row["is_webhook"], body_digest=row["body_digest"]
        )
        for row in found
    }
    return [known.get(ordinal) for ordinal, _ in enumerate(events, start=1)]


async def count_conflicts(conn: Connection, events: Sequence[NewEvent]) -> None:
    """Count webhooks that came again with another body."""
    await conn.execute(_SQL.count_conflicts, [e.brand_id for e in events], [e.source for e in events])


async def lock_players(conn: Connection, *, now_ms: int, events: int, limit: int) -> list[UUID]:
    """Players of the oldest due events, whom nobody else works on until the transaction ends."""
    rows = await conn.fetch(_SQL.lock_players, now_ms, events, limit)
    return [row["player_id"] for row in rows]


async def annul_events(conn: Connection, player_ids: Sequence[UUID]) -> None:
    """End what reversals make superfluous among the events of locked players."""
    await conn.execute(_SQL.annul_events, player_ids)


async def next_events(conn: Connection, player_ids: Sequence[UUID]) -> list[Event]:
    """The event of each locked player that is processed next, be it due or not."""
    rows = await conn.fetch(_SQL.next_events, player_ids)
    return [Event(**dict(row) | {"attributes": msgspec.json.decode(row["attributes"])}) for row in rows]


async def put_off(conn: Connection, events: Sequence[Event]) -> None:
    """Make what waits behind these events wait as long as they do."""
    await conn.execute(_SQL.put_off, [e.player_id for e in events], [e.next_attempt_ms for e in events])


async def finish_events(conn: Connection, events: Sequence[Event]) -> set[UUID]:
    """Note that events of locked players were processed; those that were still stored."""
    rows = await conn.fetch(
        _SQL.finish_events, [event.player_id for event in events], [event.event_id for event in events]
    )
    return {row["event_id"] for row in rows}


async def fail_event(conn: Connection, event: Event, *, state: State, until_ms: int, reason: str) -> bool:
    """Note why an attempt failed; False: the event is not stored any more."""
    row = await conn.fetchval(_SQL.fail_event, event.player_id, event.event_id, state, until_ms, reason)
    return row is not None


async def delete_ended(conn: Connection, *, before: UUID, dead_before: UUID, limit: int) -> int:
    """Forget events that have ended; how many."""
    return len(await conn.fetch(_SQL.delete_ended, before, dead_before, limit))


async def count_open(conn: Connection, *, limit: int) -> dict[State, int]:
    """How many events wait, are unknown or are dead letters, at most the limit each."""
    rows = await conn.fetch(_SQL.count_open, limit)
    return {row["state"]: row["events"] for row in rows}
