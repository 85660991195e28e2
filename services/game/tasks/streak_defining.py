"""Writing the streaks of a draft campaign."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from game.auth import Caller
from game.campaigns.access import Desk, campaign_of, desk_of, require_state
from game.campaigns.badge_store import badges_of_campaign
from game.campaigns.promises import promise
from game.campaigns.records import Promise
from game.errors import Conflict, NotFound
from game.resources import Resources
from game.scores.rules import streak_of as metric_of
from game.scores.store import wanted
from game.tasks import store, streak_store
from game.tasks.streak_checks import check_promise, check_streak, refundable
from game.tasks.streak_drafts import StreakDraft
from game.tasks.streak_records import Defined
from game.webhooks.rules import attributes_of
from game.webhooks.source_store import declared_types

PROMISE = "streak"  # what the sources of all rewards of streaks begin with

Streaks = Mapping[str, Defined]


async def streaks(resources: Resources, caller: Caller, *, campaign_id: str) -> Streaks:
    """The streaks of a campaign of the brand. NotFound."""
    async with resources.pool.acquire() as conn:
        await campaign_of(conn, campaign_id=campaign_id, brand_id=caller.brand_id)
        return await streak_store.streaks_of_campaign(conn, campaign_id=campaign_id)


async def save_streak(
    resources: Resources, caller: Caller, draft: StreakDraft, *, campaign_id: str, streak_id: str
) -> Defined:
    """Write a streak of a draft campaign, or write it anew. Invalid names the field that breaks a rule."""
    async with desk_of(resources, caller, campaign_id) as work:
        require_state(work.campaign, "draft")
        before = await streak_store.streaks_of_campaign(work.conn, campaign_id=campaign_id)
        await _check(work, draft, others=len(before.keys() - {streak_id}))
        await streak_store.save_streak(
            work.conn, draft, campaign_id=campaign_id, streak_id=streak_id, brand_id=caller.brand_id
        )
        after = await streak_store.streaks_of_campaign(work.conn, campaign_id=campaign_id)
        await _promise(work, after)
        await work.record("streak.save", old=_values(before, streak_id), new=_values(after, streak_id))
    return after[streak_id]


async def delete_streak(resources: Resources, caller: Caller, *, campaign_id: str, streak_id: str) -> None:
    """Remove a streak of a draft campaign. NotFound, Conflict `streak_needed`."""
    async with desk_of(resources, caller, campaign_id) as work:
        require_state(work.campaign, "draft")
        before = await streak_store.streaks_of_campaign(work.conn, campaign_id=campaign_id)
        streak_of(before, streak_id)
        ranked, _ = await wanted(work.conn, campaign_id=campaign_id)
        if metric_of(streak_id) in ranked.ranked:
            raise Conflict("streak_needed", "A board ranks by it.")
        await streak_store.delete_streak(work.conn, campaign_id=campaign_id, streak_id=streak_id)
        await _promise(work, {name: each for name, each in before.items() if name != streak_id})
        await work.record("streak.delete", old=_values(before, streak_id), new={})


def streak_of(found: Streaks, streak_id: str) -> Defined:
    """The streak of an id. NotFound `streak_not_found`."""
    if streak_id not in found:
        raise NotFound("streak_not_found", "The campaign has no such streak.")
    return found[streak_id]


def promised(drafts: Iterable[StreakDraft]) -> Promise:
    """The most that streaks can give away: every place of every milestone, and every repair refunded."""
    all_of = list(drafts)
    points, vouchers = refundable(all_of), Counter[str]()
    for each in (milestone for draft in all_of for milestone in draft.milestones):
        if each.reward.kind == "points":
            points += each.reward.amount * (each.times_overall or 0)
        elif each.reward.kind == "voucher" and each.reward.item:
            vouchers[each.reward.item] += each.times_overall or 0
    return Promise(points=points, vouchers=vouchers)


async def _check(work: Desk, draft: StreakDraft, *, others: int) -> None:
    conn, campaign = work.conn, work.campaign
    declared = await declared_types(conn, brand_id=campaign.brand_id)
    forbidden = await store.forbidden_channels(conn, [campaign.brand_id])
    badges = await badges_of_campaign(conn, campaign_id=campaign.campaign_id)
    check_streak(
        draft,
        others=others,
        attributes=attributes_of(draft.event_type, {each.type: each.attributes for each in declared}),
        forbidden=forbidden.get(campaign.brand_id, frozenset()),
        badges={badge.badge_id for badge in badges},
        opens_ms=campaign.opens_ms,
        closes_ms=campaign.closes_ms,
    )


async def _promise(work: Desk, found: Streaks) -> None:
    most = promised(each.draft for each in found.values())
    check_promise(most)
    terms = {name: msgspec.to_builtins(each.draft) for name, each in found.items()}
    await promise(work, msgspec.structs.replace(most, terms=terms), source=PROMISE)


def _values(found: Streaks, streak_id: str) -> dict[str, Any]:
    return {streak_id: msgspec.to_builtins(found[streak_id].draft)} if streak_id in found else {}
