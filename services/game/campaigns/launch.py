"""The launch, and the states that follow it: paused, resumed, ended."""

from typing import Literal

from game.audit.service import create_log, lock_head
from game.auth import Caller
from game.campaigns import pool_store, store
from game.campaigns.access import Desk, desk_of, managed, require_state
from game.campaigns.checks import check_launch, check_number, check_promises
from game.campaigns.funding import check_budget, check_vouchers, demand
from game.campaigns.promise_store import published_terms
from game.campaigns.publishing import prepared, publish
from game.campaigns.records import Campaign, Managed
from game.campaigns.rules import CampaignState
from game.errors import Conflict, Unavailable
from game.resources import Resources
from game.webhooks.rules import AGE_MAX_MS
from ledger_client import LedgerUnreachable

Turn = Literal["pause", "resume", "end"]

_TURNS: dict[Turn, tuple[tuple[CampaignState, ...], CampaignState]] = {
    "pause": (("live",), "paused"),
    "resume": (("paused",), "live"),
    "end": (("live", "paused"), "ended"),
}


async def launch(resources: Resources, caller: Caller, *, campaign_id: str) -> None:
    """Publish a draft and all its pools, once.

    Refused with the field and the rule unless every table holds, what features promise can be kept, every
    voucher that can be won has a code, and the campaign's ledger budget covers the most that can be paid out;
    and where the brand has too many (launches at the same moment may pass that by as many).
    """
    seen = await managed(resources, caller, campaign_id=campaign_id)
    require_state(seen.campaign, "draft")
    check_launch(
        seen.campaign, seen.pools, now_ms=resources.clock(), has_beacon=resources.settings.has_beacon
    )
    check_promises(seen.campaign, seen.pools, seen.promises)
    needed = demand(seen.pools, seen.promises)
    available_points = await budget_points(resources, seen.campaign)
    check_budget(needed.points, available_points=available_points, account=seen.campaign.budget_account)
    async with desk_of(resources, caller, campaign_id) as work:
        require_state(work.campaign, "draft")
        _require_unchanged(work.campaign, seen.campaign)
        await _check_number(work)
        free = await store.free_vouchers(work.conn, campaign_id=campaign_id)
        check_vouchers(needed.vouchers, free=free)
        await _publish_all(work, seen)


async def turn(resources: Resources, caller: Caller, way: Turn, *, campaign_id: str) -> None:
    """Pause, resume or end a launched campaign. From the commit on plays are accepted again, or none is."""
    allowed, state = _TURNS[way]
    async with desk_of(resources, caller, campaign_id) as work:
        require_state(work.campaign, *allowed)
        await pool_store.lock_pools(work.conn, campaign_id=campaign_id)
        await pool_store.set_accepting(work.conn, campaign_id=campaign_id, accepting=state == "live")
        await store.set_campaign_state(
            work.conn, campaign_id=campaign_id, state=state, now_ms=resources.clock()
        )
        old, new = {"state": work.campaign.state}, {"state": state}
        await work.record(f"campaign.{way}", old=old, new=new)


async def budget_points(resources: Resources, campaign: Campaign) -> int:
    """What the campaign's ledger account can pay. Unavailable `ledger_unavailable`."""
    try:
        account = await resources.ledger.account(campaign.budget_account)
    except LedgerUnreachable as error:
        raise Unavailable("ledger_unavailable", "The ledger does not answer; nothing was changed.") from error
    return account.available


async def _check_number(work: Desk) -> None:
    after_ms = work.resources.clock() - AGE_MAX_MS  # later ones count events that are as old when they come
    check_number(await store.count_launched(work.conn, brand_id=work.campaign.brand_id, after_ms=after_ms))


def _require_unchanged(campaign: Campaign, seen: Campaign) -> None:
    if campaign.version != seen.version:
        raise Conflict(
            "version_mismatch",
            "Somebody has edited the draft while it was checked.",
            version=campaign.version,
            sent=seen.version,
        )


async def _publish_all(work: Desk, seen: Managed) -> None:
    campaign = work.campaign
    campaign_id, origin = campaign.campaign_id, f"{campaign.operator_name}/{campaign.campaign_id}"
    await create_log(work.conn, work.resources, campaign_id=campaign_id, origin=origin)
    head = await lock_head(work.conn, campaign_id=campaign_id)
    terms = await published_terms(work.conn, campaign_id=campaign_id)
    published = prepared(work, head, seen.pools, terms=terms, replaces=None)
    await publish(work, head, published, accepting=True)
    await store.set_campaign_state(
        work.conn, campaign_id=campaign_id, state="live", now_ms=work.resources.clock()
    )
    commits = {pool.pool_id: pool.table.commit for pool in published}
    new = {"state": "live", "version": campaign.version, "commits": commits}
    await work.record("campaign.launch", old={"state": "draft"}, new=new)
