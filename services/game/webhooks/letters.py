"""Events as a brand's managers see them: what came, what became of it, and another try for what failed."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
import structlog

from game.auth import Caller
from game.errors import Conflict, NotFound
from game.instants import to_datetime
from game.players import player_ids_of
from game.resources import Resources
from game.webhooks import letter_store, source_store
from game.webhooks.letter_store import Asked, Letter, Page
from game.webhooks.rules import bodies_of, read_body

REDRIVE_MAX: Final = 1_000

log = structlog.get_logger()


class _Whose(msgspec.Struct, frozen=True):
    brand_id: str
    subject: str


async def events(resources: Resources, caller: Caller, asked: Asked, *, limit: int) -> Page:
    """One page of the events of the caller's brand, newest first."""
    async with resources.pool.acquire() as conn:
        return await letter_store.list_events(conn, asked, brand_id=caller.brand_id, limit=limit)


async def event(resources: Resources, caller: Caller, event_id: UUID) -> Letter:
    """An event of the caller's brand. NotFound."""
    async with resources.pool.acquire() as conn:
        found = await letter_store.find_event(conn, brand_id=caller.brand_id, event_id=event_id)
    if found is None:
        raise NotFound("event_not_found", "There is no such event.")
    return found


async def redrive(resources: Resources, caller: Caller, event_id: UUID) -> Letter:
    """Try a dead letter again, or read an event whose type was unknown; others stay what they are.

    NotFound; Conflict `event_type_unknown` while its type is not declared, `occurrence_taken` where another
    event stands for its occurrence; Invalid where it is not what its type asks for.
    """
    found = await event(resources, caller, event_id)
    if found.state == "unknown":
        await _read(resources, caller, found)
    elif found.state == "dead":
        async with resources.pool.acquire() as conn:
            await letter_store.redrive_dead(
                conn,
                brand_id=caller.brand_id,
                now_ms=resources.clock(),
                event_id=event_id,
                type_name=None,
                limit=1,
            )
    log.info("event.redriven", brand_id=caller.brand_id, event_id=str(event_id), was=found.state)
    return await event(resources, caller, event_id)


async def redrive_all(resources: Resources, caller: Caller, *, type_name: str | None) -> int:
    """Try dead letters again, of one type or (None) of all, oldest first; how many, at most REDRIVE_MAX."""
    async with resources.pool.acquire() as conn:
        return await letter_store.redrive_dead(
            conn,
            brand_id=caller.brand_id,
            now_ms=resources.clock(),
            event_id=None,
            type_name=type_name,
            limit=REDRIVE_MAX,
        )


async def _read(resources: Resources, caller: Caller, found: Letter) -> None:
    async with resources.pool.acquire() as conn:
        declared = await source_store.declared_types(conn, brand_id=caller.brand_id)
    said = read_body(_body(found), bodies_of({each.type: each.attributes for each in declared}))
    if said.subject is None:
        raise Conflict("event_type_unknown", f"Nobody has declared {found.type}.", type_name=found.type)
    [player_id] = await player_ids_of(resources, [_Whose(caller.brand_id, said.subject)])
    try:
        async with resources.pool.acquire() as conn:
            await letter_store.read_unknown(
                conn,
                said,
                brand_id=caller.brand_id,
                event_id=found.event_id,
                player_id=player_id,
                now_ms=resources.clock(),
            )
    except asyncpg.UniqueViolationError:
        raise Conflict("occurrence_taken", "Another event stands for this occurrence.") from None


def _body(found: Letter) -> bytes:
    body: Mapping[str, Any] = {
        "type": found.type,
        "timestamp": to_datetime(found.occurred_ms),
        "data": found.attributes,
    }
    return msgspec.json.encode(body)
