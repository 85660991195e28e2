"""Writing a campaign's draw log, and the receipts of what stands in it."""

from collections.abc import Collection, Sequence

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from game.audit import store
from game.audit.rules import (
    MAX_APPEND,
    Growth,
    Head,
    Signer,
    Written,
    grow,
    next_t_ms,
    receipts_of,
)
from game.audit.store import head_of, log_rows
from game.db.connection import Connection
from game.errors import NotFound
from game.readings import record_reading
from game.recent import Recent
from game.resources import Resources

RECENT_SIGNERS = 4_096
KEY_BYTES = 32

__all__ = [
    "MAX_APPEND",
    "Growth",
    "Head",
    "Signer",
    "Written",
    "append",
    "append_all",
    "create_log",
    "grow",
    "head_of",
    "key_purpose",
    "lock_free_heads",
    "lock_head",
    "lock_heads",
    "log_rows",
    "log_signer",
    "next_t_ms",
    "receipts_of",
]

_signers: "Recent[tuple[asyncpg.Pool[asyncpg.Record], str], Signer]" = Recent(limit=RECENT_SIGNERS)


async def create_log(conn: Connection, resources: Resources, *, campaign_id: str, origin: str) -> None:
    """Start a campaign's log under a new Ed25519 key, which is stored sealed."""
    raw_key = resources.entropy(KEY_BYTES)
    key = Ed25519PrivateKey.from_private_bytes(raw_key)
    await store.create_log(
        conn,
        campaign_id=campaign_id,
        origin=origin,
        key_sealed=resources.seal(raw_key, key_purpose(campaign_id)),
        public_key=key.public_key().public_bytes_raw(),
    )


def key_purpose(campaign_id: str) -> str:
    """What a log's sealed key is bound to."""
    return f"log key {campaign_id}"


async def lock_head(conn: Connection, *, campaign_id: str) -> Head:
    """Lock the log until the transaction ends: first of all locks, and only its holder writes."""
    return (await lock_heads(conn, [campaign_id]))[campaign_id]


async def lock_heads(
    conn: Connection, campaign_ids: Collection[str], *, patience_seconds: float | None = None
) -> dict[str, Head]:
    """Lock logs, in the order of their campaigns, and wait for whoever holds one.

    TimeoutError after `patience_seconds`, if any are given.
    """
    heads = await store.lock_heads(conn, campaign_ids, patience_seconds=patience_seconds)
    assert len(heads) == len(campaign_ids), "a campaign without a log writes nothing"
    return heads


async def lock_free_heads(conn: Connection, campaign_ids: Collection[str]) -> dict[str, Head]:
    """Lock those of the logs that nobody else holds, and wait for none."""
    return await store.lock_free_heads(conn, campaign_ids)


async def append(conn: Connection, *, head: Head, entries: Sequence[bytes], last_t_ms: int) -> Written:
    """Append entries under the head's lock, at most MAX_APPEND, with consecutive `i` from its size.

    One statement. Nothing of it may be signed before the transaction has committed.
    """
    growth = grow(head, entries=entries, last_t_ms=last_t_ms)
    await append_all(conn, [growth])
    return growth.written


async def append_all(conn: Connection, growths: Sequence[Growth]) -> None:
    """Append batches to several logs under the locks of their heads, as `append` does."""
    if growths:
        appended = await store.append(conn, growths)
        assert appended == len(growths), "a head was not locked"


async def log_signer(resources: Resources, campaign_id: str) -> Signer:
    """The log's signer. Raises NotFound `log_not_found` for a campaign that has no log (yet)."""
    kept = _signers.get((resources.pool, campaign_id))
    return kept or _signers.put((resources.pool, campaign_id), await _unsealed(resources, campaign_id))


async def _unsealed(resources: Resources, campaign_id: str) -> Signer:
    async with resources.pool.acquire() as conn:
        stored = await store.sealed_key(conn, campaign_id=campaign_id)
    if stored is None:
        raise log_not_found()
    origin, key_sealed = stored
    await record_reading(resources, campaign_id=campaign_id, pool_id=None, purpose="sign")
    raw_key = resources.vault.open(key_sealed, purpose=key_purpose(campaign_id))
    return Signer(origin=origin, key=Ed25519PrivateKey.from_private_bytes(raw_key))


def log_not_found() -> NotFound:
    """The refusal of whoever asks for a log that is not there."""
    return NotFound("log_not_found", "This campaign has no draw log.")
