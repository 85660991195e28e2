"""The draw log's rows."""

from collections.abc import Collection, Mapping

import asyncpg

from game.audit.rules import Growth, Head
from game.db.connection import Connection
from game.db.statements import load
from game.fair.merkle import HASH_BYTES
from game.fair.tiles import Tile

_SQL = load("game.audit")


async def create_log(
    conn: Connection, *, campaign_id: str, origin: str, key_sealed: bytes, public_key: bytes
) -> None:
    """Store an empty log and its key."""
    await conn.execute(_SQL.create_log, campaign_id, origin, key_sealed, public_key)


async def lock_head(conn: Connection, *, campaign_id: str) -> Head | None:
    """The head, locked until the transaction ends; None: the campaign has no log."""
    row = await conn.fetchrow(_SQL.lock_head, campaign_id)
    return _head(campaign_id, row) if row else None


async def readable_head(conn: Connection, *, campaign_id: str, brand_id: str | None) -> Head | None:
    """The head as last committed; None: the campaign has no log, or is of another brand than `brand_id`."""
    row = await conn.fetchrow(_SQL.readable_head, campaign_id, brand_id)
    return _head(campaign_id, row) if row else None


def _head(campaign_id: str, row: asyncpg.Record) -> Head:
    return Head(
        campaign_id=campaign_id,
        origin=row["origin"],
        size=row["size"],
        last_t_ms=row["last_t_ms"],
        frontier=hashes_of(row["frontier"]),
    )


async def append(conn: Connection, *, entries: Collection[bytes], growth: Growth) -> bool:
    """Add a batch in one statement; False: the log has another size than the batch was made for."""
    head = growth.written.head
    size = await conn.fetchval(
        _SQL.append,
        head.campaign_id,
        growth.written.first_index,
        entries,
        growth.leaf_hashes,
        [level for level, _ in growth.tiles],
        [index for _, index in growth.tiles],
        list(growth.tiles.values()),
        head.last_t_ms,
        b"".join(head.frontier),
    )
    return size is not None


async def sealed_key(conn: Connection, *, campaign_id: str) -> tuple[str, bytes] | None:
    """The log's origin and its sealed private key; None: the campaign has no log."""
    row = await conn.fetchrow(_SQL.sealed_key, campaign_id)
    return (row["origin"], row["key_sealed"]) if row else None


async def tiles(conn: Connection, *, campaign_id: str, wanted: Collection[Tile]) -> Mapping[Tile, bytes]:
    """The hashes of these tiles, concatenated, as many as there are; a tile without any is left out."""
    levels, indexes = [level for level, _ in wanted], [index for _, index in wanted]
    rows = await conn.fetch(_SQL.tiles, campaign_id, levels, indexes)
    return {(row["level"], row["tile_index"]): row["hashes"] for row in rows if row["hashes"]}


async def entries(conn: Connection, *, campaign_id: str, start: int, limit: int) -> list[bytes]:
    """The bytes of the entries from index `start` on."""
    rows = await conn.fetch(_SQL.entries, campaign_id, start, limit)
    return [row["entry"] for row in rows]


def hashes_of(joined: bytes) -> tuple[bytes, ...]:
    """Hashes that were stored one after the other."""
    return tuple(joined[at : at + HASH_BYTES] for at in range(0, len(joined), HASH_BYTES))


async def awaited_rounds(conn: Connection, *, last_round: int, limit: int) -> list[tuple[int, str]]:
    """Rounds up to the last public one that logs wait for, each with its campaign; the oldest first."""
    rows = await conn.fetch(_SQL.awaited_rounds, last_round, limit)
    return [(row["round"], row["campaign_id"]) for row in rows]


async def keep_verifier(conn: Connection, *, sha256: bytes, source: bytes) -> None:
    """Keep a version of the auditor's file, once."""
    await conn.execute(_SQL.keep_verifier, sha256, source)


async def verifier_source(conn: Connection, *, sha256: bytes) -> bytes | None:
    """A version of the auditor's file; None: none of this digest was published."""
    source: bytes | None = await conn.fetchval(_SQL.verifier_source, sha256)
    return source
