"""The close of a pool reveals its secret: never early, and once (docs/fairdraw.md, section 7)."""

import msgspec
import structlog

from game.audit.service import append, lock_head, next_t_ms
from game.campaigns import pool_store, store
from game.campaigns.access import SERVICE, Desk, desk
from game.campaigns.drafting import pool_among
from game.campaigns.pool_store import PoolKey
from game.campaigns.service import pool_secret, pool_terms
from game.fair.entries import CloseEntry, encode
from game.resources import Resources
from game.scores.service import uncovered

MAX_CLOSING = 100
TICKETS_AT_ONCE = 5_000

log = structlog.get_logger()


async def close_pools(resources: Resources) -> int:
    """Close what is over: closed by the clock, sold out or replaced. How many pools were closed.

    A pool waits for its unfinished plays and for the beacon of every round that one of its seats names.
    """
    async with resources.pool.acquire() as conn:
        keys = await pool_store.closable_pools(conn, now_ms=resources.clock(), limit=MAX_CLOSING, only=None)
    return sum([await _close_alone(resources, key) for key in keys])


async def _close_alone(resources: Resources, key: PoolKey) -> bool:
    try:
        return await _close(resources, key)
    except Exception:  # one pool's trouble is not the others'; it is tried again
        log.exception("pool.not_closed", campaign_id=key.campaign_id, pool_id=key.pool_id)
        return False


async def _close(resources: Resources, key: PoolKey) -> bool:
    terms = await pool_terms(resources, campaign_id=key.campaign_id, pool_id=key.pool_id)
    if terms.game == "scratch":
        await _uncover(resources, key)
    secret = await pool_secret(resources, terms, "close")
    async with desk(resources, campaign_id=key.campaign_id, brand_id=key.brand_id, actor=SERVICE) as work:
        return await _log_close(work, key, secret)


async def _uncover(resources: Resources, key: PoolKey) -> None:
    """Uncover, for the players, what they left covered. No ticket is added to a pool that may be closed."""
    entries = [-1]
    while entries:
        async with resources.pool.acquire() as conn, conn.transaction():
            entries = await pool_store.uncover_tickets(
                conn,
                campaign_id=key.campaign_id,
                pool_id=key.pool_id,
                after=entries[-1],
                now_ms=resources.clock(),
                limit=TICKETS_AT_ONCE,
            )
            await uncovered(conn, resources, entries, campaign_id=key.campaign_id)


async def _log_close(work: Desk, key: PoolKey, secret: bytes) -> bool:
    """Log the close; False: somebody else was faster."""
    conn, campaign_id, now_ms = work.conn, key.campaign_id, work.resources.clock()
    head = await lock_head(conn, campaign_id=campaign_id)
    await pool_store.lock_pools(conn, campaign_id=campaign_id)
    if not await pool_store.closable_pools(conn, now_ms=now_ms, limit=1, only=key):
        return False
    pool = pool_among(await pool_store.pools_of_campaign(conn, campaign_id=campaign_id), key.pool_id)
    assert pool.entry_index is not None
    t_ms = next_t_ms(head, now_ms)
    entry = CloseEntry(i=head.size, t=t_ms, pool=pool.entry_index, secret=secret.hex(), draws=pool.draws_made)
    await append(conn, head=head, entries=[encode(entry)], last_t_ms=t_ms)
    left_over = await pool_store.close_pool(
        conn, campaign_id=campaign_id, pool_id=key.pool_id, close_index=head.size
    )
    new = {"pool_id": key.pool_id, "state": "closed", "draws": pool.draws_made}
    new |= msgspec.structs.asdict(left_over)
    await work.record("pool.close", old={"pool_id": key.pool_id, "state": pool.state}, new=new)
    if await store.close_campaign(conn, campaign_id=campaign_id):
        await work.record("campaign.close", old={"state": work.campaign.state}, new={"state": "closed"})
    return True
