"""What reconciliation has found, for those who look after a brand, and what is known of one operation."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from game.db.connection import Connection
from game.db.statements import load
from game.errors import NotFound
from game.ledger.comparing import Kind, campaign_of
from game.resources import Resources
from ledger_client import Explanation

_SQL: Final = load("game.ledger")


class Sum(msgspec.Struct, frozen=True, kw_only=True):
    """The open breaks of one kind."""

    kind: Kind
    breaks: int
    points: int
    oldest_ms: int


class FoundBreak(msgspec.Struct, frozen=True, kw_only=True):
    """A break as it is stored; it healed at `closed_ms`. Without a campaign it is one of totals."""

    break_id: int
    kind: Kind
    operation_id: str
    campaign_id: str | None
    play_id: UUID | None
    points: int
    says: str
    found_ms: int
    closed_ms: int | None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Sums by kind, one page of open breaks, how far the feed was read, and when each pass last ended."""

    sums: Sequence[Sum]
    breaks: Sequence[FoundBreak]
    read_seq: int
    recent_done_ms: int | None
    full_done_ms: int | None


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """An operation as we hold it, and where its play stands."""

    campaign_id: str
    operation_id: str
    kind: str
    play_id: UUID
    play_state: str
    state: str
    subject: str
    body: bytes
    ledger_seq: int | None


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an operation: by us (None: we never made it), by the ledger, and by reconciliation."""

    operation_id: str
    held: Held | None
    ledger: Explanation
    breaks: Sequence[FoundBreak]


async def sums(conn: Connection, *, brand_id: str | None) -> list[Sum]:
    """The open breaks by kind, of a brand or of all."""
    return [msgspec.convert(dict(row), Sum) for row in await conn.fetch(_SQL.sums_of_open, brand_id)]


async def report(resources: Resources, *, brand_id: str | None, after: int, limit: int) -> Report:
    """The open breaks of a brand, or of all with those of totals, after a break."""
    async with resources.pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        passes = {row["pass"]: row for row in await conn.fetch(_SQL.passes)}
        return Report(
            sums=await sums(conn, brand_id=brand_id),
            breaks=_found(await conn.fetch(_SQL.list_open, brand_id, after, limit)),
            read_seq=passes["recent"]["after_seq"],
            recent_done_ms=passes["recent"]["done_ms"],
            full_done_ms=passes["full"]["done_ms"],
        )


async def explain(resources: Resources, operation_id: str, *, brand_id: str) -> Explained:
    """All that is known of an operation of a brand. NotFound; LedgerUnreachable."""
    async with resources.pool.acquire() as conn:
        row = await conn.fetchrow(_SQL.held_operation, brand_id, campaign_of(operation_id), operation_id)
        breaks = _found(await conn.fetch(_SQL.breaks_of_operation, brand_id, operation_id))
    if row is None and not breaks:
        raise NotFound("operation_not_found", "No operation of your campaigns has this id.")
    return Explained(
        operation_id=operation_id,
        held=None if row is None else Held(**row),
        ledger=await resources.ledger.explain(operation_id),
        breaks=breaks,
    )


def _found(rows: Sequence[object]) -> list[FoundBreak]:
    return [msgspec.convert(dict(row), FoundBreak) for row in rows]  # type: ignore[call-overload]
