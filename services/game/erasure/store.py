"""The rows of erasures, and all that names a player in those of others."""

from collections.abc import Mapping
from uuid import UUID

import msgspec

from game.db.connection import Connection
from game.db.statements import load
from game.players import account_of, erased_account

_SQL = load("game.erasure")
_OF_PLAYER = ("forget_events", "forget_excerpts", "forget_zones", "forget_groups")
_OF_BRAND = (
    "forget_words",
    "forget_keys",
    "forget_ranks",
    "forget_segments",
    "forget_risks",
    "forget_memberships",
)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """An erasure; `done_ms` is None until it is done."""

    asked_ms: int
    done_ms: int | None


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A player who is not erased yet."""

    brand_id: str
    subject: str


async def ask(conn: Connection, *, player_id: UUID, asked_by: str, now_ms: int, due_ms: int) -> bool:
    """Ask for the erasure of a player, once; False: it was asked for before."""
    return await conn.fetchval(_SQL.ask_erasure, player_id, asked_by, now_ms, due_ms) is not None


async def erasure_of(conn: Connection, *, player_id: UUID) -> Asked:
    """What was asked for a player."""
    row = await conn.fetchrow(_SQL.erasure_of, player_id)
    assert row is not None, "it was asked for"
    return Asked(**row)


async def claim_due(conn: Connection, *, now_ms: int, until_ms: int, limit: int) -> list[UUID]:
    """Players whose erasure has its turn; no other process takes them up before `until_ms`."""
    return [row["player_id"] for row in await conn.fetch(_SQL.due_erasures, now_ms, until_ms, limit)]


async def lock_named(conn: Connection, *, player_id: UUID) -> Named | None:
    """Lock a player against everything; None: it is erased."""
    row = await conn.fetchrow(_SQL.lock_subject, player_id)
    return None if row is None else Named(**row)


async def under_way(conn: Connection, *, player_id: UUID, brand_id: str) -> Mapping[str, int]:
    """How much of a player is not finished, by what it is; empty: nothing."""
    row = await conn.fetchrow(_SQL.under_way, player_id, brand_id)
    assert row is not None
    return {name: count for name, count in row.items() if count}


async def forget(conn: Connection, named: Named, *, player_id: UUID, now_ms: int) -> None:
    """Remove whatever names a locked player of whom nothing is under way, and last the subject itself."""
    brand_id, subject = named.brand_id, named.subject
    account, erased = account_of(brand_id=brand_id, subject=subject), erased_account()
    for name in _OF_PLAYER:
        await conn.execute(_SQL[name], player_id)
    for name in _OF_BRAND:
        await conn.execute(_SQL[name], player_id, brand_id)
    await conn.execute(_SQL.forget_unknown_events, brand_id, subject)
    await conn.execute(_SQL.forget_changes, player_id, brand_id, subject)
    await conn.execute(_SQL.forget_operations, player_id, brand_id, erased, account)
    await conn.execute(_SQL.forget_breaks, brand_id, account, erased)
    await conn.execute(_SQL.forget_subject, player_id, now_ms)
    await conn.execute(_SQL.finish_erasure, player_id, now_ms)
