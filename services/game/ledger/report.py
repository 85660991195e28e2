"""What reconciliation has found, for those who look after a brand."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from game.db.connection import Connection
from game.db.statements import load
from game.ledger.kinds import Kind
from game.resources import Resources

_SQL: Final = load("game.ledger")


class Sum(msgspec.Struct, frozen=True, kw_only=True):
    """The open breaks of one kind that nobody has acknowledged, and how many somebody has.

    `oldest_ms` is None where all are acknowledged.
    """

    kind: Kind
    breaks: int
    points: int
    oldest_ms: int | None
    acknowledged: int


class FoundBreak(msgspec.Struct, frozen=True, kw_only=True):
    """A break as it is stored; it healed at `closed_ms`. Without a campaign it is one of totals.

    What says of its acknowledgement is None where nobody has acknowledged it as it stands.
    """

    break_id: int
    kind: Kind
    operation_id: str
    campaign_id: str | None
    play_id: UUID | None
    reward_id: UUID | None
    repair_id: UUID | None
    points: int
    says: str
    found_ms: int
    closed_ms: int | None
    acknowledged_ms: int | None
    acknowledged_by: str | None
    reason: str | None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Sums by kind, one page of open breaks, how far the feed was read, and when each pass last ended."""

    sums: Sequence[Sum]
    breaks: Sequence[FoundBreak]
    read_seq: int
    recent_done_ms: int | None
    full_done_ms: int | None


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


async def find(conn: Connection, break_id: int, *, brand_id: str) -> FoundBreak | None:
    """A break of a brand's campaigns; None: there is none of this number."""
    row = await conn.fetchrow(_SQL.find_break, brand_id, break_id)
    return None if row is None else _found([row])[0]


def _found(rows: Sequence[object]) -> list[FoundBreak]:
    return [msgspec.convert(dict(row), FoundBreak) for row in rows]  # type: ignore[call-overload]
