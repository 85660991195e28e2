"""The rows of messages on their way, and of the attempts to send them."""

from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from game.db.connection import Connection
from game.db.statements import load
from game.webhooks.out.rules import Data, PauseReason, Sent, State

LOOK_BACK: Final = 10_000  # so many messages are looked at for a page of one state
_OLDEST: Final = UUID(int=0)

_SQL = load("game.webhooks.out")


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A message to store. `lane` is what is kept in order."""

    campaign_id: str
    message_id: UUID
    type: str
    player_id: UUID | None
    lane: str
    data: Data


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A message to send now, and where to. `subject` is None where no player is known, or no longer."""

    brand_id: str
    endpoint_id: UUID
    message_id: UUID
    type: str
    subject: str | None
    data: Data
    told_ms: int
    attempts: int
    url: str
    sealed: bytes
    sealed_before: bytes | None
    failing_since_ms: int | None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """Where a message stands."""

    message_id: UUID
    type: str
    told_ms: int
    state: State
    attempts: int
    next_attempt_ms: int


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Messages, newest first; `next` is what the page that follows is before, None: there is none."""

    deliveries: Sequence[Delivery]
    next: UUID | None


async def is_wanted(conn: Connection, *, campaign_ids: Collection[str], types: Collection[str]) -> bool:
    """Whether a brand of these campaigns has an endpoint that wants one of these types."""
    return bool(await conn.fetchval(_SQL.is_wanted, list(campaign_ids), list(types)))


async def tell(conn: Connection, told: Sequence[Told], *, now_ms: int) -> None:
    """Store messages for the endpoints that want them."""
    rows = [
        (t.campaign_id, t.message_id, t.type, t.player_id, t.lane, msgspec.json.encode(t.data).decode())
        for t in told
    ]
    await conn.execute(_SQL.tell, now_ms, *map(list, zip(*rows, strict=True)))


async def insert_message(
    conn: Connection, *, brand_id: str, endpoint_id: UUID, message_id: UUID, type_: str, now_ms: int
) -> None:
    """Store a message without data for one endpoint."""
    await conn.execute(_SQL.insert_message, brand_id, endpoint_id, message_id, type_, now_ms)


async def claim(
    conn: Connection, *, now_ms: int, until_ms: int, each: int, busy: Sequence[UUID], limit: int
) -> list[Due]:
    """Messages that nobody else sends before `until_ms`: at most `each` of an endpoint that is not busy."""
    rows = await conn.fetch(_SQL.claim_deliveries, now_ms, until_ms, each, busy, limit)
    return [Due(**dict(row) | {"data": msgspec.json.decode(row["data"])}) for row in rows]


async def record(conn: Connection, due: Due, sent: Sent, *, state: State, next_attempt_ms: int) -> bool:
    """Note what came of an attempt; False: another one has been made since."""
    noted: Any = await conn.fetchval(
        _SQL.record_attempt,
        due.brand_id, due.endpoint_id, due.message_id, due.attempts, state, next_attempt_ms,
        sent.began_ms, sent.took_ms, sent.status, sent.error, sent.excerpt,
    )  # fmt: skip
    return noted is not None


async def note_success(conn: Connection, due: Due) -> None:
    """The endpoint of a message takes messages."""
    await conn.execute(_SQL.note_success, due.brand_id, due.endpoint_id)


async def note_failure(conn: Connection, due: Due, *, now_ms: int, retry_ms: int) -> None:
    """The endpoint of a message fails, and is left alone for a while."""
    await conn.execute(_SQL.note_failure, due.brand_id, due.endpoint_id, now_ms, retry_ms)


async def pause(conn: Connection, due: Due, reason: PauseReason, *, now_ms: int) -> bool:
    """Give up the endpoint of a message; False: it is given up already."""
    row = await conn.fetchval(_SQL.pause_endpoint, due.brand_id, due.endpoint_id, reason, now_ms)
    return row is not None


async def count_paused(conn: Connection) -> int:
    """How many endpoints were given up."""
    return int(await conn.fetchval(_SQL.count_paused))


async def purge(conn: Connection, *, before_ms: int, limit: int) -> int:
    """Forget messages that were told long ago, and those of deleted endpoints; how many."""
    purged = await conn.fetch(_SQL.purge_deliveries, before_ms, limit)
    await conn.execute(_SQL.purge_endpoints)
    return len(purged)


async def deliveries(
    conn: Connection, *, brand_id: str, endpoint_id: UUID, before: UUID, state: State | None, limit: int
) -> Page:
    """Messages of an endpoint before one: fewer than the limit where those of a state are far between."""
    oldest: UUID | None = None
    if state is not None:
        oldest = await conn.fetchval(_SQL.look_back, brand_id, endpoint_id, before, LOOK_BACK - 1)
    rows = await conn.fetch(
        _SQL.list_deliveries, brand_id, endpoint_id, before, state, limit, oldest or _OLDEST
    )
    return Page(
        deliveries=[Delivery(**row) for row in rows],
        next=rows[-1]["message_id"] if len(rows) == limit else oldest,
    )


async def delivery(
    conn: Connection, *, brand_id: str, endpoint_id: UUID, message_id: UUID
) -> Delivery | None:
    """A message of an endpoint; None: there is none."""
    row = await conn.fetchrow(_SQL.find_delivery, brand_id, endpoint_id, message_id)
    return None if row is None else Delivery(**row)


async def attempts(
    conn: Connection, *, brand_id: str, endpoint_id: UUID, message_id: UUID, limit: int
) -> list[Sent]:
    """How sending a message went, the last attempt first."""
    rows = await conn.fetch(_SQL.attempts_of_delivery, brand_id, endpoint_id, message_id, limit)
    return [Sent(**row) for row in rows]


async def replay(
    conn: Connection, *, brand_id: str, endpoint_id: UUID, first: UUID, last: UUID, now_ms: int, limit: int
) -> list[UUID]:
    """Have messages from one to another that wait no more sent again; which."""
    rows = await conn.fetch(_SQL.replay, brand_id, endpoint_id, first, last, now_ms, limit)
    return [row["message_id"] for row in rows]
