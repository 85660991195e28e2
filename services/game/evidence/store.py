"""The rows that a pack is made of, and those of the packs themselves. Connection first."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from game.db.connection import Connection
from game.db.statements import load

_SQL = load("game.evidence")
ROWS_AT_ONCE = 500

# What is about the campaign, one file each; every statement takes the campaign alone.
RECORDS = (
    "campaign", "pools", "seats", "plays", "draws", "prizes", "rewards", "operations", "promises", "changes",
    "decisions", "breaks", "completions",
)  # fmt: skip


class Pack(msgspec.Struct, frozen=True, kw_only=True):
    """A pack that was asked for; all after `reason` is None until it is made."""

    pack_id: str
    asked_ms: int
    asked_by: str
    masked: bool
    reason: str | None
    made_ms: int | None
    log_size: int | None
    sha256: bytes | None
    bytes: int | None
    kept_until_ms: int | None
    attempts: int


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A pack to make."""

    campaign_id: str
    pack_id: str
    masked: bool
    asked_ms: int


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A pack that is whole."""

    made_ms: int
    log_size: int
    sha256: bytes
    bytes: int
    kept_until_ms: int


async def records(conn: Connection, name: str, *, campaign_id: str) -> AsyncIterator[Any]:
    """The rows of one of RECORDS, inside a transaction."""
    async for row in conn.cursor(_SQL[name], campaign_id, prefetch=ROWS_AT_ONCE):
        yield row


async def entries(conn: Connection, *, campaign_id: str, size: int) -> AsyncIterator[bytes]:
    """The log's entries, inside a transaction."""
    async for row in conn.cursor(_SQL.entries, campaign_id, size, prefetch=ROWS_AT_ONCE):
        yield row["entry"]


async def rules(conn: Connection, *, campaign_id: str) -> dict[str, bytes]:
    """The rules document of each published pool."""
    return {row["pool_id"]: row["rules"] for row in await conn.fetch(_SQL.rules, campaign_id)}


async def winners(conn: Connection, *, campaign_id: str, size: int, limit: int) -> list[int]:
    """The indices of draws that won something, the rarest rows first."""
    rows = await conn.fetch(_SQL.winners, campaign_id, size, limit)
    return [row["entry_index"] for row in rows]


async def closes_ms(conn: Connection, *, campaign_id: str) -> int:
    """When the campaign is over at the latest."""
    closes: int = await conn.fetchval(_SQL.closes_ms, campaign_id)
    return closes


async def ask(conn: Connection, pack: Pack, *, campaign_id: str) -> None:
    """Ask for a pack of an id that the locked campaign does not have yet."""
    values = (campaign_id, pack.pack_id, pack.asked_ms, pack.asked_by, pack.masked, pack.reason)
    await conn.execute(_SQL.ask, *values)


async def packs(conn: Connection, *, campaign_id: str, pack_id: str | None, limit: int) -> list[Pack]:
    """A campaign's packs, the oldest first; or one of them."""
    rows = await conn.fetch(_SQL.packs, campaign_id, pack_id, limit)
    return [Pack(**row) for row in rows]


async def claim(conn: Connection, *, now_ms: int, until_ms: int, attempts: int) -> Claim | None:
    """Take the pack that waits longest and was begun fewer times than that; None: none waits."""
    row = await conn.fetchrow(_SQL.claim, now_ms, until_ms, attempts)
    return Claim(**row) if row else None


async def lock_unmade(conn: Connection, claim: Claim) -> bool:
    """Keep others from making a pack until the transaction ends; False: somebody else was faster."""
    return await conn.fetchval(_SQL.lock_unmade, claim.campaign_id, claim.pack_id) is not None


async def add_chunk(conn: Connection, claim: Claim, *, nth: int, content: bytes) -> None:
    """Store a part of the zip."""
    await conn.execute(_SQL.add_chunk, claim.campaign_id, claim.pack_id, nth, content)


async def made(conn: Connection, claim: Claim, pack: Made) -> None:
    """The pack is whole: it is locked."""
    values = (pack.made_ms, pack.log_size, pack.sha256, pack.bytes, pack.kept_until_ms)
    await conn.execute(_SQL.made, claim.campaign_id, claim.pack_id, *values)


async def chunk(conn: Connection, *, campaign_id: str, pack_id: str, nth: int) -> bytes | None:
    """A part of the zip; None: it ends before."""
    content: bytes | None = await conn.fetchval(_SQL.chunk, campaign_id, pack_id, nth)
    return content
