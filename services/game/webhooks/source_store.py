"""The rows of sources, of their keys, and of the event types that brands declare."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from game.db.connection import Connection
from game.db.statements import load
from game.webhooks.declaring import Attribute, Attributes

KEYS_OF_SOURCE_MAX = 4
SOURCES_MAX = 50
TYPES_MAX = 100

_SQL = load("game.webhooks")


class KeyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A key to verify with: a sealed secret or a public key; `types` are those of its source, None: all."""

    key_id: UUID
    sealed: bytes | None
    public_key: bytes | None
    expires_ms: int | None
    types: Sequence[str] | None


class ListedKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key as it may be shown. `public_key` is None for a secret."""

    source: str
    key_id: UUID
    is_public: bool
    public_key: bytes | None
    created_by: str
    created_ms: int
    expires_ms: int | None


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key to add to a source."""

    key_id: UUID
    sealed: bytes | None
    public_key: bytes | None
    expires_ms: int | None


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A source. It may tell of `types`, None: of all. `conflicts` counts ids with another body."""

    source: str
    title: str
    types: Sequence[str] | None
    conflicts: int
    created_by: str
    created_ms: int


class DeclaredType(msgspec.Struct, frozen=True, kw_only=True):
    """An event type of a brand's own."""

    type: str
    attributes: Attributes
    changed_by: str
    changed_ms: int


async def find_keys(conn: Connection, *, brand_id: str, source: str, now_ms: int) -> list[KeyRow]:
    """The keys of a source that have not expired; none for a source that is not there."""
    rows = await conn.fetch(_SQL.find_keys, brand_id, source, now_ms, KEYS_OF_SOURCE_MAX)
    return [KeyRow(**row) for row in rows]


async def declared_types(conn: Connection, *, brand_id: str) -> list[DeclaredType]:
    """The event types that a brand has declared."""
    rows = await conn.fetch(_SQL.declared_types, brand_id, TYPES_MAX)
    return [
        DeclaredType(
            type=row["type"],
            attributes=msgspec.json.decode(row["attributes"], type=dict[str, Attribute]),
            changed_by=row["changed_by"],
            changed_ms=row["changed_ms"],
        )
        for row in rows
    ]


async def put_source(
    conn: Connection,
    *,
    brand_id: str,
    source: str,
    title: str,
    types: Sequence[str] | None,
    actor: str,
    now_ms: int,
) -> None:
    """Make a source, or give it another title and other types."""
    await conn.execute(_SQL.put_source, brand_id, source, title, types, actor, now_ms)


async def lock_brand(conn: Connection, *, brand_id: str) -> None:
    """Count and add to what a brand has without anybody else doing so."""
    await conn.execute(_SQL.lock_brand, brand_id)


async def count_sources(conn: Connection, *, brand_id: str, beside: str) -> int:
    """How many other sources a brand has."""
    return int(await conn.fetchval(_SQL.count_sources, brand_id, beside))


async def sources_of_brand(conn: Connection, *, brand_id: str) -> list[Source]:
    """A brand's sources by name."""
    return [Source(**row) for row in await conn.fetch(_SQL.sources_of_brand, brand_id, SOURCES_MAX)]


async def lock_source(conn: Connection, *, brand_id: str, source: str) -> Source | None:
    """A source whose keys nobody else changes until the transaction ends; None: there is none."""
    row = await conn.fetchrow(_SQL.lock_source, brand_id, source)
    return None if row is None else Source(**row)


async def keys_of_sources(conn: Connection, *, brand_id: str, sources: Sequence[str]) -> list[ListedKey]:
    """The keys of sources as they may be shown."""
    limit = KEYS_OF_SOURCE_MAX * len(sources)
    rows = await conn.fetch(_SQL.keys_of_sources, brand_id, sources, limit)
    return [ListedKey(**row) for row in rows]


async def insert_key(
    conn: Connection, key: NewKey, *, brand_id: str, source: str, actor: str, now_ms: int
) -> None:
    """Add a key to a locked source."""
    await conn.execute(
        _SQL.insert_key,
        brand_id, source, key.key_id, key.sealed, key.public_key, actor, now_ms, key.expires_ms,
    )  # fmt: skip


async def delete_expired_keys(conn: Connection, *, brand_id: str, source: str, now_ms: int) -> None:
    """Forget keys of a locked source that verify nothing any more."""
    await conn.execute(_SQL.delete_expired_keys, brand_id, source, now_ms)


async def expire_key(
    conn: Connection, *, brand_id: str, source: str, key_id: UUID, expires_ms: int | None
) -> bool:
    """Set the end of a key, None: it has none; False: there is no such key."""
    return await conn.fetchval(_SQL.expire_key, brand_id, source, key_id, expires_ms) is not None


async def delete_key(conn: Connection, *, brand_id: str, source: str, key_id: UUID) -> bool:
    """Take a key away; False: there was none."""
    return await conn.fetchval(_SQL.delete_key, brand_id, source, key_id) is not None


async def put_type(
    conn: Connection, *, brand_id: str, type_name: str, attributes: Attributes, actor: str, now_ms: int
) -> None:
    """Declare an event type, or declare it anew."""
    encoded = msgspec.json.encode(attributes).decode()
    await conn.execute(_SQL.put_type, brand_id, type_name, encoded, actor, now_ms)


async def count_types(conn: Connection, *, brand_id: str, beside: str) -> int:
    """How many other event types a brand has declared."""
    return int(await conn.fetchval(_SQL.count_types, brand_id, beside))
