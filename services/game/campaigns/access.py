"""A brand's own campaigns, and the record of what was done to them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from game.auth import Caller
from game.campaigns import pool_store, store
from game.campaigns.badge_store import badges_of_campaign
from game.campaigns.promise_store import promises_left
from game.campaigns.records import Campaign, Change, Managed, Summary
from game.campaigns.rules import CampaignState
from game.db.connection import Connection
from game.errors import Conflict, NotFound
from game.recent import Recent
from game.resources import Resources

BRANDS_KEPT: Final = 2_000
# Of launched campaigns, whose brand never changes.
_brands: "Recent[tuple[asyncpg.Pool[asyncpg.Record], str], str]" = Recent(limit=BRANDS_KEPT)

SERVICE = "service"  # the actor of what nobody asked for


def no_such_campaign() -> NotFound:
    """The one answer for a campaign that is not there or not of the caller's brand."""
    return NotFound("campaign_not_found", "There is no such campaign.")


async def campaign_of(conn: Connection, *, campaign_id: str, brand_id: str) -> Campaign:
    """A campaign of a brand. NotFound `campaign_not_found`."""
    campaign = await store.find_campaign(conn, campaign_id=campaign_id, brand_id=brand_id)
    if campaign is None:
        raise no_such_campaign()
    return campaign


async def brand_of(resources: Resources, caller: Caller | None, campaign_id: str) -> str:
    """The brand of a launched campaign; NotFound unless it is the token's, where there is one."""
    brand_id = _brands.get((resources.pool, campaign_id)) or await _launched_by(resources, campaign_id)
    if caller and caller.brand_id != brand_id:
        raise no_such_campaign()
    return brand_id


async def _launched_by(resources: Resources, campaign_id: str) -> str:
    async with resources.pool.acquire() as conn:
        brand_id = await store.brand_of_launched(conn, campaign_id=campaign_id)
    if brand_id is None:
        raise no_such_campaign()
    return _brands.put((resources.pool, campaign_id), brand_id)


async def launched(conn: Connection, *, campaign_id: str, brand_id: str) -> Campaign:
    """A campaign that the brand's players know of. NotFound `campaign_not_found`, drafts included."""
    campaign = await campaign_of(conn, campaign_id=campaign_id, brand_id=brand_id)
    if campaign.state == "draft":
        raise no_such_campaign()
    return campaign


async def managed(resources: Resources, caller: Caller, *, campaign_id: str) -> Managed:
    """A campaign as its managers see it, with its pools and the vouchers that nobody has won."""
    async with resources.pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        campaign = await campaign_of(conn, campaign_id=campaign_id, brand_id=caller.brand_id)
        pools = await pool_store.pools_of_campaign(conn, campaign_id=campaign_id)
        return Managed(
            campaign=campaign,
            pools=tuple(pools),
            badges=tuple(await badges_of_campaign(conn, campaign_id=campaign_id)),
            promises=tuple(await promises_left(conn, campaign_id=campaign_id)),
            free_vouchers=await store.free_vouchers(conn, campaign_id=campaign_id),
        )


async def campaigns(resources: Resources, caller: Caller, *, after: str, limit: int) -> list[Summary]:
    """One page of the caller's brand's campaigns, drafts included."""
    async with resources.pool.acquire() as conn:
        return await store.campaigns_of_brand(
            conn, brand_id=caller.brand_id, after=after, with_drafts=True, limit=limit
        )


async def changes(
    resources: Resources, caller: Caller, *, campaign_id: str, start: int, limit: int
) -> list[Change]:
    """One page of a campaign's change log, oldest first."""
    async with resources.pool.acquire() as conn:
        await campaign_of(conn, campaign_id=campaign_id, brand_id=caller.brand_id)
        return await store.changes_of_campaign(conn, campaign_id=campaign_id, start=start, limit=limit)


def require_state(campaign: Campaign, *allowed: CampaignState) -> None:
    """Raise Conflict `campaign_state` unless the campaign is in one of these states."""
    if campaign.state not in allowed:
        raise Conflict(
            "campaign_state",
            f"The campaign is {campaign.state}; this needs one that is {' or '.join(allowed)}.",
            state=campaign.state,
            allowed=list(allowed),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A transaction in which one person, or the service, works on one campaign that it has locked."""

    conn: Connection
    resources: Resources
    campaign: Campaign
    actor: str

    async def record(self, action: str, *, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """Write down what was done, with the values before and after."""
        change = Change(
            at_ms=self.resources.clock(),
            actor=self.actor,
            action=action,
            old=dict(old),
            new=dict(new),
        )
        await store.insert_change(self.conn, change, campaign_id=self.campaign.campaign_id)


@asynccontextmanager
async def desk(resources: Resources, *, campaign_id: str, brand_id: str, actor: str) -> AsyncIterator[Desk]:
    """Lock a campaign of a brand for a transaction. NotFound `campaign_not_found`."""
    async with resources.pool.acquire() as conn, conn.transaction():
        campaign = await store.lock_campaign(conn, campaign_id=campaign_id, brand_id=brand_id)
        if campaign is None:
            raise no_such_campaign()
        yield Desk(conn=conn, resources=resources, campaign=campaign, actor=actor)


def desk_of(resources: Resources, caller: Caller, campaign_id: str) -> AbstractAsyncContextManager[Desk]:
    """The desk of a manager, in the manager's own brand."""
    return desk(resources, campaign_id=campaign_id, brand_id=caller.brand_id, actor=caller.subject)
