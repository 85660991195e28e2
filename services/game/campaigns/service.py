"""A published pool, as the plays see it."""

import asyncpg

from game.campaigns import pool_store
from game.campaigns.rules import PoolTerms
from game.errors import NotFound
from game.readings import ReadingPurpose, record_reading
from game.recent import Recent
from game.resources import Resources

RECENT_POOLS = 4_096

_PoolKey = tuple["asyncpg.Pool[asyncpg.Record]", str, str]
_recent_terms: Recent[_PoolKey, PoolTerms] = Recent(limit=RECENT_POOLS)
_recent_secrets: "Recent[tuple[asyncpg.Pool[asyncpg.Record], bytes], bytes]" = Recent(limit=RECENT_POOLS)


async def pool_terms(resources: Resources, *, campaign_id: str, pool_id: str) -> PoolTerms:
    """The terms of a published pool; NotFound `pool_not_found` else. The caller compares the brand."""
    key = (resources.pool, campaign_id, pool_id)
    return _recent_terms.get(key) or _recent_terms.put(key, await _stored(resources, campaign_id, pool_id))


async def pool_secret(resources: Resources, terms: PoolTerms, purpose: ReadingPurpose) -> bytes:
    """The pool's secret of 32 bytes, which never leaves the process before the close.

    Not within a transaction: that it is opened is noted first.
    """
    key = (resources.pool, terms.secret_sealed)
    return _recent_secrets.get(key) or _recent_secrets.put(key, await _unsealed(resources, terms, purpose))


def secret_purpose(*, campaign_id: str, pool_id: str) -> str:
    """What a pool's sealed secret is bound to."""
    return f"pool:{campaign_id}:{pool_id}"


def no_such_pool() -> NotFound:
    """The one answer for a pool that is not there, not published or not of the caller's brand."""
    return NotFound("pool_not_found", "There is no such pool.")


async def _unsealed(resources: Resources, terms: PoolTerms, purpose: ReadingPurpose) -> bytes:
    campaign_id, pool_id = terms.campaign_id, terms.pool_id
    await record_reading(resources, campaign_id=campaign_id, pool_id=pool_id, purpose=purpose)
    bound_to = secret_purpose(campaign_id=campaign_id, pool_id=pool_id)
    return resources.vault.open(terms.secret_sealed, purpose=bound_to)


async def _stored(resources: Resources, campaign_id: str, pool_id: str) -> PoolTerms:
    async with resources.pool.acquire() as conn:
        terms = await pool_store.published_pool(conn, campaign_id=campaign_id, pool_id=pool_id)
    if terms is None:
        raise no_such_pool()
    return terms
