"""What a brand's managers decide: its sources, their keys, and event types beside those of the service."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import msgspec
import structlog

from game.auth import Caller
from game.db.connection import Connection
from game.errors import Conflict, Exhausted, Invalid, NotFound
from game.resources import Resources
from game.webhooks import source_store
from game.webhooks.catalogue import CATALOGUE
from game.webhooks.declaring import REVERSED, EventTypeDraft, complaint
from game.webhooks.signing import KeyTextError, PublicKey, read_key, secret_text
from game.webhooks.source_store import (
    KEYS_OF_SOURCE_MAX,
    SOURCES_MAX,
    TYPES_MAX,
    DeclaredType,
    ListedKey,
    NewKey,
    Source,
)
from game.webhooks.trust import key_purpose

SECRET_BYTES: Final = 32

log = structlog.get_logger()


class SourceKeys(msgspec.Struct, frozen=True, kw_only=True):
    """A source with its keys, those that have expired too."""

    source: Source
    keys: Sequence[ListedKey]


async def put_source(
    resources: Resources, caller: Caller, *, source: str, title: str, types: Sequence[str] | None
) -> SourceKeys:
    """Make a source, or give it another title and other types, None: all. Exhausted `too_many_sources`."""
    brand_id = caller.brand_id
    if any(each.endswith(REVERSED) for each in types or ()):
        raise _invalid("$.types", "types without their reversals, which come with them")
    async with resources.pool.acquire() as conn, conn.transaction():
        await source_store.lock_brand(conn, brand_id=brand_id)
        if await source_store.count_sources(conn, brand_id=brand_id, beside=source) >= SOURCES_MAX:
            raise Exhausted("too_many_sources", f"A brand has at most {SOURCES_MAX}.", limit=SOURCES_MAX)
        await source_store.put_source(
            conn,
            brand_id=brand_id,
            source=source,
            title=title,
            types=types,
            actor=caller.subject,
            now_ms=resources.clock(),
        )
        return await _with_keys(conn, caller, source)


async def sources(resources: Resources, caller: Caller) -> list[SourceKeys]:
    """The sources of the caller's brand."""
    async with resources.pool.acquire() as conn:
        found = await source_store.sources_of_brand(conn, brand_id=caller.brand_id)
        names = [each.source for each in found]
        keys = await source_store.keys_of_sources(conn, brand_id=caller.brand_id, sources=names)
    return [
        SourceKeys(source=each, keys=[key for key in keys if key.source == each.source]) for each in found
    ]


async def _with_keys(conn: Connection, caller: Caller, source: str) -> SourceKeys:
    """A source that stays as it is until the transaction ends. NotFound `source_not_found`."""
    found = await source_store.lock_source(conn, brand_id=caller.brand_id, source=source)
    if found is None:
        raise NotFound("source_not_found", "There is no such source.")
    keys = await source_store.keys_of_sources(conn, brand_id=caller.brand_id, sources=[source])
    return SourceKeys(source=found, keys=keys)


class AddedKey(msgspec.Struct, frozen=True, kw_only=True):
    """A new key. `secret` is told once for ever; None: the key is the sender's own."""

    key_id: UUID
    secret: str | None


async def add_secret(
    resources: Resources, caller: Caller, *, source: str, expires_ms: int | None
) -> AddedKey:
    """Make a secret for a source. NotFound, Invalid; Exhausted `too_many_keys`."""
    secret = resources.entropy(SECRET_BYTES)
    key_id = await keep_secret(resources, caller, secret, source=source, expires_ms=expires_ms)
    return AddedKey(key_id=key_id, secret=secret_text(secret))


async def keep_secret(
    resources: Resources, caller: Caller, secret: bytes, *, source: str, expires_ms: int | None
) -> UUID:
    """Add a secret that the caller knows; the id of the key."""
    key_id = resources.new_id()
    sealed = resources.seal(secret, key_purpose(key_id))
    key = NewKey(key_id=key_id, sealed=sealed, public_key=None, expires_ms=expires_ms)
    return await _add(resources, caller, key, source=source)


async def add_public_key(
    resources: Resources, caller: Caller, text: str, *, source: str, expires_ms: int | None
) -> AddedKey:
    """Register a sender's `whpk_…` key. Invalid for another text."""
    try:
        key = read_key(text)
    except KeyTextError as error:
        raise _invalid("$.public_key", str(error)) from None
    if not isinstance(key, PublicKey):
        raise _invalid("$.public_key", "a whpk_ key: a secret is made here, and never sent")
    new = NewKey(key_id=resources.new_id(), sealed=None, public_key=key.raw, expires_ms=expires_ms)
    return AddedKey(key_id=await _add(resources, caller, new, source=source), secret=None)


async def _add(resources: Resources, caller: Caller, key: NewKey, *, source: str) -> UUID:
    now_ms, brand_id = resources.clock(), caller.brand_id
    _check_expiry(key.expires_ms, now_ms=now_ms)
    async with resources.pool.acquire() as conn, conn.transaction():
        found = await _with_keys(conn, caller, source)
        await source_store.delete_expired_keys(conn, brand_id=brand_id, source=source, now_ms=now_ms)
        held = [each for each in found.keys if each.expires_ms is None or each.expires_ms > now_ms]
        if len(held) >= KEYS_OF_SOURCE_MAX:
            limit = KEYS_OF_SOURCE_MAX
            raise Exhausted("too_many_keys", f"A source has at most {limit} keys at a time.", limit=limit)
        await source_store.insert_key(
            conn, key, brand_id=brand_id, source=source, actor=caller.subject, now_ms=now_ms
        )
    log.info("webhook.key_added", brand_id=brand_id, source=source, key_id=str(key.key_id))
    return key.key_id


async def expire_key(
    resources: Resources, caller: Caller, *, source: str, key_id: UUID, expires_ms: int | None
) -> SourceKeys:
    """Set or lift the end of a key that has not expired. NotFound, Invalid."""
    _check_expiry(expires_ms, now_ms=resources.clock())
    async with resources.pool.acquire() as conn, conn.transaction():
        found = await _with_keys(conn, caller, source)
        key = next((each for each in found.keys if each.key_id == key_id), None)
        if key is None:
            raise _no_such_key()
        if key.expires_ms is not None and key.expires_ms <= resources.clock():
            raise Conflict("key_expired", "The key has expired; add another one.")
        await source_store.expire_key(
            conn, brand_id=caller.brand_id, source=source, key_id=key_id, expires_ms=expires_ms
        )
        return await _with_keys(conn, caller, source)


async def delete_key(resources: Resources, caller: Caller, *, source: str, key_id: UUID) -> None:
    """Take a key away: within a second it verifies nothing. NotFound."""
    async with resources.pool.acquire() as conn, conn.transaction():
        await _with_keys(conn, caller, source)
        if not await source_store.delete_key(conn, brand_id=caller.brand_id, source=source, key_id=key_id):
            raise _no_such_key()
    log.info("webhook.key_deleted", brand_id=caller.brand_id, source=source, key_id=str(key_id))


async def declare_type(resources: Resources, caller: Caller, draft: EventTypeDraft, *, name: str) -> None:
    """Declare an event type of the brand, or declare it anew. Conflict, Exhausted, Invalid."""
    if name in CATALOGUE:
        raise Conflict("event_type_reserved", "The service has this type already.")
    if found := complaint(name, draft):
        raise _invalid(*found)
    async with resources.pool.acquire() as conn, conn.transaction():
        await source_store.lock_brand(conn, brand_id=caller.brand_id)
        if await source_store.count_types(conn, brand_id=caller.brand_id, beside=name) >= TYPES_MAX:
            limit = TYPES_MAX
            raise Exhausted("too_many_event_types", f"A brand declares at most {limit}.", limit=limit)
        await source_store.put_type(
            conn,
            brand_id=caller.brand_id,
            type_name=name,
            attributes=draft.attributes,
            actor=caller.subject,
            now_ms=resources.clock(),
        )


async def declared_types(resources: Resources, *, brand_id: str) -> Mapping[str, DeclaredType]:
    """The event types of a brand's own."""
    async with resources.pool.acquire() as conn:
        found = await source_store.declared_types(conn, brand_id=brand_id)
    return {each.type: each for each in found}


def _check_expiry(expires_ms: int | None, *, now_ms: int) -> None:
    if expires_ms is not None and expires_ms <= now_ms:
        raise _invalid("$.expires_at", "in the future: delete a key that shall end now")


def _invalid(field: str, rule: str) -> Invalid:
    return Invalid("rule_broken", f"{field}: {rule}", field=field, rule=rule)


def _no_such_key() -> NotFound:
    return NotFound("key_not_found", "The source has no such key.")
