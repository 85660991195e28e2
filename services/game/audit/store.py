"""The draw log's rows."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import asyncpg

from game.audit.rules import Growth, Head
from game.db.connection import Connection
from game.db.statements import columns, load
from game.fair.merkle import HASH_BYTES
from game.fair.tiles import Tile

_SQL = load("game.audit")

Row = tuple[Any, ...]
# A tile of a campaign's log.
LogTile = tuple[str, Tile]


async def create_log(
    conn: Connection, *, campaign_id: str, origin: str, key_sealed: bytes, public_key: bytes
) -> None:
    """Store an empty log and its key."""
    await conn.execute(_SQL.create_log, campaign_id, origin, key_sealed, public_key)


async def lock_heads(
    conn: Connection, campaign_ids: Collection[str], *, patience_seconds: float | None = None
) -> dict[str, Head]:
    """Heads, locked until the transaction ends; campaigns without a log are absent.

    TimeoutError when somebody holds one for longer than `patience_seconds`, if any are given.
    """
    rows = await conn.fetch(_SQL.lock_heads, list(campaign_ids), timeout=patience_seconds)
    return {row["campaign_id"]: _head(row["campaign_id"], row) for row in rows}


async def lock_free_heads(conn: Connection, campaign_ids: Collection[str]) -> dict[str, Head]:
    """Those of the heads that nobody else holds, locked until the transaction ends."""
    rows = await conn.fetch(_SQL.lock_free_heads, list(campaign_ids))
    return {row["campaign_id"]: _head(row["campaign_id"], row) for row in rows}


async def readable_head(conn: Connection, *, campaign_id: str, brand_id: str | None) -> Head | None:
    """The head as last committed; None: the campaign has no log, or is of another brand than `brand_id`."""
    row = await conn.fetchrow(_SQL.readable_head, campaign_id, brand_id)
    return _head(campaign_id, row) if row else None


def _head(campaign_id: str, row: asyncpg.Record) -> Head:
    return head_of(campaign_id, row["origin"], row["size"], row["last_t_ms"], row["frontier"])


def head_of(campaign_id: str, origin: str, size: int, last_t_ms: int, frontier: bytes) -> Head:
    """A head of its columns."""
    return Head(
        campaign_id=campaign_id,
        origin=origin,
        size=size,
        last_t_ms=last_t_ms,
        frontier=hashes_of(frontier),
    )


async def append(conn: Connection, growths: Sequence[Growth]) -> int:
    """Add batches to logs in one statement; to how many: fewer than these, and nothing was added."""
    logs = await conn.fetchval(_SQL.append, *log_rows(growths))
    assert isinstance(logs, int)
    return logs


def log_rows(
    growths: Sequence[Growth], unchanged: Iterable[Head] = ()
) -> tuple[list[Row], list[Row], list[Row], list[Row]]:
    """What `append_to_logs` takes: heads, entries with leaf hashes, what tiles gain, tiles that are full.

    Heads that are `unchanged` are locked all the same, and have to be as they were read.
    """
    return (
        [*map(_new_head, growths), *((head.campaign_id, head.size, *_end(head)) for head in unchanged)],
        [leaf for each in growths for leaf in _leaves(each)],
        [(each.campaign_id, *tile, add) for each in growths for tile, add in each.tiles.items()],
        [(each.campaign_id, tile) for each in growths for tile in each.filled],
    )


def _new_head(growth: Growth) -> Row:
    head = growth.written.head
    return head.campaign_id, growth.written.first_index, *_end(head)


def _end(head: Head) -> tuple[int, int, bytes]:
    return head.size, head.last_t_ms, b"".join(head.frontier)


def _leaves(growth: Growth) -> Iterator[tuple[str, int, bytes, bytes]]:
    leaves = zip(growth.entries, growth.leaf_hashes, strict=True)
    return (
        (growth.campaign_id, index, *leaf)
        for index, leaf in enumerate(leaves, start=growth.written.first_index)
    )


async def sealed_key(conn: Connection, *, campaign_id: str) -> tuple[str, bytes] | None:
    """The log's origin and its sealed private key; None: the campaign has no log."""
    row = await conn.fetchrow(_SQL.sealed_key, campaign_id)
    return (row["origin"], row["key_sealed"]) if row else None


async def tiles(conn: Connection, wanted: Collection[LogTile]) -> Mapping[LogTile, bytes]:
    """The hashes of these tiles, concatenated, as many as there are; a tile without any is left out."""
    rows = await conn.fetch(_SQL.tiles, *columns([(campaign, *tile) for campaign, tile in wanted], 3))
    return {(row[0], (row[1], row[2])): row[3] for row in rows if row[3]}


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
