"""Writing a campaign: its draft, its pools, its voucher codes."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from game.auth import Caller
from game.campaigns import pool_store, store
from game.campaigns.access import Desk, desk_of, require_state
from game.campaigns.badge_store import badges_of_campaign
from game.campaigns.checks import check_badges, check_draft, check_schedule
from game.campaigns.drafts import MAX_CODES, CampaignDraft, PoolDraft
from game.campaigns.records import Campaign, Pool, new_pool
from game.campaigns.rules import CAMPAIGN_ID_BYTES, campaign_id_from
from game.campaigns.service import no_such_pool
from game.errors import Conflict, Exhausted
from game.instants import to_datetime, to_ms
from game.resources import Resources
from game.scores.store import wanted

MAX_POOLS = 64


async def create_campaign(resources: Resources, caller: Caller, draft: CampaignDraft) -> str:
    """Store a new draft; its id."""
    _check_schedule(resources, draft)
    campaign_id = campaign_id_from(resources.entropy(CAMPAIGN_ID_BYTES))
    async with resources.pool.acquire() as conn, conn.transaction():
        await store.insert_campaign(
            conn,
            draft,
            campaign_id=campaign_id,
            brand_id=caller.brand_id,
            actor=caller.subject,
            now_ms=resources.clock(),
        )
        campaign = await store.find_campaign(conn, campaign_id=campaign_id, brand_id=caller.brand_id)
        assert campaign is not None
        work = Desk(conn=conn, resources=resources, campaign=campaign, actor=caller.subject)
        await work.record("campaign.create", old={}, new=_values(campaign))
    return campaign_id


async def edit_campaign(
    resources: Resources, caller: Caller, draft: CampaignDraft, *, campaign_id: str, version: int
) -> None:
    """Rewrite a draft. Conflict `version_mismatch` when somebody else has edited it meanwhile."""
    _check_schedule(resources, draft)
    async with desk_of(resources, caller, campaign_id) as work:
        require_state(work.campaign, "draft")
        _require_version(work.campaign, version)
        await _require_schedule_free(work, draft)
        await store.update_campaign(work.conn, draft, campaign_id=campaign_id)
        await store.bump_version(work.conn, campaign_id=campaign_id)
        edited = await store.find_campaign(work.conn, campaign_id=campaign_id, brand_id=caller.brand_id)
        assert edited is not None
        await work.record("campaign.edit", **_difference(_values(work.campaign), _values(edited)))


async def add_pool(resources: Resources, caller: Caller, draft: PoolDraft, *, campaign_id: str) -> None:
    """Add a pool to a draft. Conflict `pool_id_taken`; Invalid names the field that breaks a rule."""
    async with desk_of(resources, caller, campaign_id) as work:
        require_state(work.campaign, "draft")
        check_draft(
            draft, work.campaign, at="$", now_ms=resources.clock(), has_beacon=resources.settings.has_beacon
        )
        await check_badges_of(work, draft)
        await store_draft_pool(work, new_pool(draft, replaces=None))
        await store.bump_version(work.conn, campaign_id=campaign_id)
        await work.record("pool.add", old={}, new=msgspec.to_builtins(draft))


async def remove_draft_pool(resources: Resources, caller: Caller, *, campaign_id: str, pool_id: str) -> None:
    """Remove a pool from a draft. NotFound `pool_not_found`."""
    async with desk_of(resources, caller, campaign_id) as work:
        require_state(work.campaign, "draft")
        pool = pool_among(await pool_store.pools_of_campaign(work.conn, campaign_id=campaign_id), pool_id)
        await pool_store.delete_draft_pool(work.conn, campaign_id=campaign_id, pool_id=pool_id)
        await store.bump_version(work.conn, campaign_id=campaign_id)
        await work.record("pool.remove", old=msgspec.to_builtins(pool.draft), new={})


async def add_vouchers(
    resources: Resources, caller: Caller, codes: Sequence[str], *, campaign_id: str, voucher_batch: str
) -> int:
    """Add codes, at most MAX_CODES, to a batch; how many were not there yet."""
    assert len(codes) <= MAX_CODES
    async with desk_of(resources, caller, campaign_id) as work:
        require_state(work.campaign, "draft", "live", "paused")
        added = await store.insert_vouchers(
            work.conn, campaign_id=campaign_id, voucher_batch=voucher_batch, codes=codes
        )
        new = {"voucher_batch": voucher_batch, "sent": len(codes), "added": added}
        await work.record("vouchers.add", old={}, new=new)
    return added


async def check_badges_of(work: Desk, draft: PoolDraft) -> None:
    """Raise Invalid unless the badges that a pool pays are defined in the campaign."""
    badges = await badges_of_campaign(work.conn, campaign_id=work.campaign.campaign_id)
    check_badges(draft, {badge.badge_id for badge in badges})


async def store_draft_pool(work: Desk, pool: Pool) -> None:
    """Store a draft. Conflict `pool_id_taken`, Exhausted `too_many_pools`."""
    campaign_id = work.campaign.campaign_id
    pools = await pool_store.pools_of_campaign(work.conn, campaign_id=campaign_id)
    if len(pools) >= MAX_POOLS:
        raise Exhausted("too_many_pools", "The campaign has too many pools.", limit=MAX_POOLS)
    if any(pool.pool_id == other.pool_id for other in pools):
        raise Conflict(
            "pool_id_taken", "The campaign has a pool of this id.", field="$.pool_id", pool_id=pool.pool_id
        )
    await pool_store.insert_pool(work.conn, pool, campaign_id=campaign_id)


def pool_among(pools: Sequence[Pool], pool_id: str) -> Pool:
    """The pool of an id. NotFound `pool_not_found`."""
    for pool in pools:
        if pool.pool_id == pool_id:
            return pool
    raise no_such_pool()


def _check_schedule(resources: Resources, draft: CampaignDraft) -> None:
    schedule = draft.schedule
    check_schedule(
        opens_ms=to_ms(schedule.opens, field="$.schedule.opens"),
        closes_ms=to_ms(schedule.closes, field="$.schedule.closes"),
        time_zone=schedule.time_zone,
        now_ms=resources.clock(),
    )


def _require_version(campaign: Campaign, version: int) -> None:
    if campaign.version != version:
        raise Conflict(
            "version_mismatch",
            f"The draft is at version {campaign.version}; somebody else has edited it.",
            field="$.version",
            version=campaign.version,
            sent=version,
        )


async def _require_schedule_free(work: Desk, draft: CampaignDraft) -> None:
    """Seasons are promised by the days of the schedule: boards go before it may change."""
    schedule, campaign = draft.schedule, work.campaign
    then = (campaign.opens_ms, campaign.closes_ms, campaign.time_zone)
    if (to_ms(schedule.opens), to_ms(schedule.closes), schedule.time_zone) == then:
        return
    found, _ = await wanted(work.conn, campaign_id=campaign.campaign_id)
    if found.ranked:
        raise Conflict(
            "schedule_has_seasons",
            "Remove the boards first: their seasons follow from the schedule.",
            field="$.campaign.schedule",
        )


def _values(campaign: Campaign) -> dict[str, Any]:
    return {
        "name": msgspec.to_builtins(campaign.name),
        "rules": msgspec.to_builtins(campaign.rules),
        "opens": to_datetime(campaign.opens_ms),
        "closes": to_datetime(campaign.closes_ms),
        "time_zone": campaign.time_zone,
        "limit_per_day": campaign.limit_per_day,
        "limit_total": campaign.limit_total,
    }


def _difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    changed = [name for name in old if old[name] != new[name]]
    return {"old": {name: old[name] for name in changed}, "new": {name: new[name] for name in changed}}
