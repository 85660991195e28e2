"""A live pool is never edited: another takes its place, once nobody is left in the middle of a play.

First the old pool drains: it accepts nothing and the new one waits as a draft. When no play of it is
unfinished, the new pool is logged and the old one is over. Whoever asked gets that at once where it is
possible; otherwise a background step finishes it. What cannot be finished is taken back.
"""

import msgspec
import structlog

from game.audit.service import lock_head
from game.auth import Caller
from game.campaigns import pool_store
from game.campaigns.access import SERVICE, Desk, campaign_of, desk, desk_of, require_state
from game.campaigns.checks import check_draft, check_successor
from game.campaigns.drafting import check_badges_of, pool_among, store_draft_pool
from game.campaigns.drafts import PoolDraft
from game.campaigns.funding import check_budget, check_vouchers, demand
from game.campaigns.launch import budget_points
from game.campaigns.pool_store import PoolKey
from game.campaigns.promise_store import promises_left, published_terms
from game.campaigns.publishing import prepared, publish
from game.campaigns.records import Pool, new_pool
from game.campaigns.service import no_such_pool
from game.campaigns.store import free_vouchers
from game.errors import Conflict, Refusal, Unavailable
from game.resources import Resources

MAX_PENDING = 100

log = structlog.get_logger()


async def replace_pool(
    resources: Resources, caller: Caller, draft: PoolDraft, *, campaign_id: str, pool_id: str
) -> bool:
    """Put a new pool in a live one's place; False: as soon as the plays of the old one are finished.

    Refused, with everything as it was, where a player would be worse off or the budget does not cover it.
    """
    await _drain(resources, caller, draft, campaign_id=campaign_id, pool_id=pool_id)
    key = PoolKey(campaign_id=campaign_id, brand_id=caller.brand_id, pool_id=draft.pool_id)
    try:
        return await _finish(resources, key, actor=caller.subject)
    except Refusal as refusal:
        await _take_back(resources, key, actor=caller.subject, reason=refusal.code)
        raise


async def cancel_replacement(resources: Resources, caller: Caller, *, campaign_id: str, pool_id: str) -> None:
    """Take back a replacement that still waits; the old pool goes on. NotFound `pool_not_found`."""
    key = PoolKey(campaign_id=campaign_id, brand_id=caller.brand_id, pool_id=pool_id)
    if not await _take_back(resources, key, actor=caller.subject, reason="cancelled"):
        raise no_such_pool()


async def publish_replacements(resources: Resources) -> int:
    """Finish what can be finished of all waiting replacements, and take back what never will; how many."""
    async with resources.pool.acquire() as conn:
        pending = await pool_store.pending_replacements(conn, now_ms=resources.clock(), limit=MAX_PENDING)
    return sum([await _settle(resources, key) for key in pending])


async def _settle(resources: Resources, key: PoolKey) -> bool:
    try:
        return await _finish(resources, key, actor=SERVICE)
    except Unavailable as outage:
        log.warning("replacement.waits", campaign_id=key.campaign_id, pool_id=key.pool_id, code=outage.code)
        return False
    except Refusal as refusal:
        return await _take_back(resources, key, actor=SERVICE, reason=refusal.code)
    except Exception:  # one pool's trouble is not the others'; it is tried again
        log.exception("replacement.failed", campaign_id=key.campaign_id, pool_id=key.pool_id)
        return False


async def _drain(
    resources: Resources, caller: Caller, draft: PoolDraft, *, campaign_id: str, pool_id: str
) -> None:
    async with desk_of(resources, caller, campaign_id) as work:
        require_state(work.campaign, "live", "paused")
        await pool_store.lock_pools(work.conn, campaign_id=campaign_id)
        old = pool_among(await pool_store.pools_of_campaign(work.conn, campaign_id=campaign_id), pool_id)
        _require_live(old)
        check_draft(
            draft,
            work.campaign,
            at="$",
            now_ms=resources.clock(),
            has_beacon=resources.settings.has_beacon,
            replaces=old,
        )
        await check_badges_of(work, draft)
        await store_draft_pool(work, new_pool(draft, replaces=old))
        await pool_store.set_pool_state(
            work.conn, campaign_id=campaign_id, pool_id=pool_id, state="draining", accepting=False
        )
        new = {"state": "draining", "replacement": msgspec.to_builtins(draft)}
        await work.record("pool.replace", old={"pool_id": pool_id, "state": old.state}, new=new)


def _require_live(pool: Pool) -> None:
    if pool.state != "live":
        raise Conflict(
            "pool_state", f"The pool is {pool.state}, not live.", state=pool.state, allowed=["live"]
        )


async def _finish(resources: Resources, key: PoolKey, *, actor: str) -> bool:
    """Publish a waiting replacement; False: plays of the old pool are unfinished. Raises a Refusal."""
    await _check_funding(resources, key)
    async with desk(resources, campaign_id=key.campaign_id, brand_id=key.brand_id, actor=actor) as work:
        require_state(work.campaign, "live", "paused")
        _require_open(work)
        head = await lock_head(work.conn, campaign_id=key.campaign_id)
        await pool_store.lock_pools(work.conn, campaign_id=key.campaign_id)
        pools = await pool_store.pools_of_campaign(work.conn, campaign_id=key.campaign_id)
        new = pool_among(pools, key.pool_id)
        if new.state != "draft":
            return True  # somebody else was faster
        assert new.replaces_id is not None
        old = pool_among(pools, new.replaces_id)
        if await pool_store.count_unfinished(work.conn, campaign_id=key.campaign_id, pool_id=old.pool_id):
            return False
        terms = await published_terms(work.conn, campaign_id=key.campaign_id)
        [published] = prepared(work, head, [new], terms=terms, replaces=old)
        undrawn = await _undrawn_sealed_seats(work, old)
        check_successor(old, published.table, at="$", undrawn_sealed_seats=undrawn)
        await publish(work, head, [published], accepting=work.campaign.state == "live")
        await _retire(work, old, by=new)
    return True


def _require_open(work: Desk) -> None:
    closes_ms = work.campaign.closes_ms
    if work.resources.clock() >= closes_ms:
        raise Conflict("closed", "The campaign has closed.", closes_ms=closes_ms)


async def _check_funding(resources: Resources, key: PoolKey) -> None:
    """The draining pool accepts nothing, so what is read here can only become less before it is replaced."""
    async with resources.pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        campaign = await campaign_of(conn, campaign_id=key.campaign_id, brand_id=key.brand_id)
        needed = demand(
            await pool_store.pools_of_campaign(conn, campaign_id=key.campaign_id),
            await promises_left(conn, campaign_id=key.campaign_id),
        )
        due_points = await pool_store.points_due(conn, campaign_id=key.campaign_id)
        free = await free_vouchers(conn, campaign_id=key.campaign_id)
    check_vouchers(needed.vouchers, free=free)
    check_budget(
        needed.points + due_points,
        available_points=await budget_points(resources, campaign),
        account=campaign.budget_account,
    )


async def _undrawn_sealed_seats(work: Desk, old: Pool) -> int:
    if old.draft.seat_draws > 1 or old.draft.beacon is None:
        return 0
    return await pool_store.count_undrawn_sealed(
        work.conn, campaign_id=work.campaign.campaign_id, pool_id=old.pool_id
    )


async def _retire(work: Desk, old: Pool, *, by: Pool) -> None:
    campaign_id = work.campaign.campaign_id
    await pool_store.set_pool_state(
        work.conn, campaign_id=campaign_id, pool_id=old.pool_id, state="replaced", accepting=False
    )
    await pool_store.lapse_seats(work.conn, campaign_id=campaign_id, pool_id=old.pool_id)
    values = {"pool_id": old.pool_id, "state": "replaced", "by": by.pool_id}
    await work.record("pool.replaced", old={"pool_id": old.pool_id, "state": old.state}, new=values)


async def _take_back(resources: Resources, key: PoolKey, *, actor: str, reason: str) -> bool:
    """Remove a waiting replacement and let the old pool go on; False: it does not wait (any more)."""
    async with desk(resources, campaign_id=key.campaign_id, brand_id=key.brand_id, actor=actor) as work:
        await pool_store.lock_pools(work.conn, campaign_id=key.campaign_id)
        pools = await pool_store.pools_of_campaign(work.conn, campaign_id=key.campaign_id)
        waiting = [pool for pool in pools if pool.pool_id == key.pool_id and pool.replaces_id is not None]
        if not waiting or waiting[0].state != "draft":
            return False
        [new] = waiting
        assert new.replaces_id is not None
        await pool_store.delete_draft_pool(work.conn, campaign_id=key.campaign_id, pool_id=new.pool_id)
        await pool_store.set_pool_state(
            work.conn,
            campaign_id=key.campaign_id,
            pool_id=new.replaces_id,
            state="live",
            accepting=work.campaign.state == "live",
        )
        old = {"pool_id": new.replaces_id, "state": "draining", "replacement": msgspec.to_builtins(new.draft)}
        await work.record("pool.replacement_withdrawn", old=old, new={"state": "live", "reason": reason})
    return True
