"""Writing the badges and sets of a draft campaign."""

from typing import Any

import msgspec

from game.auth import Caller
from game.badges import store
from game.badges.checks import check_set, promised
from game.badges.drafts import BadgeDraft, SetDraft
from game.badges.rules import Stock
from game.badges.store import SETS_MAX, BadgeSet
from game.campaigns.access import campaign_of, desk_of, require_state
from game.campaigns.badge_store import badges_of_campaign, define_badge
from game.campaigns.drafts import NameDraft
from game.campaigns.promises import promise
from game.campaigns.records import Badge, Promise
from game.campaigns.rules import Text
from game.errors import Exhausted, NotFound
from game.resources import Resources

BADGES_MAX = 500
_NOTHING = Promise(points=0, vouchers={})


async def save_badge(
    resources: Resources, caller: Caller, draft: BadgeDraft, *, campaign_id: str, badge_id: str
) -> None:
    """Write a badge of a draft campaign, or write it anew."""
    async with desk_of(resources, caller, campaign_id) as work:
        require_state(work.campaign, "draft")
        known = {badge.badge_id for badge in await badges_of_campaign(work.conn, campaign_id=campaign_id)}
        if len(known - {badge_id}) >= BADGES_MAX:
            raise Exhausted("too_many_badges", "The campaign has too many badges.", limit=BADGES_MAX)
        badge = Badge(badge_id=badge_id, name=_text(draft.name), description=_text(draft.description))
        await define_badge(work.conn, badge, campaign_id=campaign_id)
        await store.dress_badge(work.conn, draft, campaign_id=campaign_id, badge_id=badge_id)
        await work.record("badge.save", old={}, new={badge_id: msgspec.to_builtins(draft)})


async def save_set(
    resources: Resources, caller: Caller, draft: SetDraft, *, campaign_id: str, set_id: str
) -> None:
    """Write a set of a draft campaign, or write it anew. Invalid names the field that breaks a rule."""
    async with desk_of(resources, caller, campaign_id) as work:
        require_state(work.campaign, "draft")
        before = await store.sets_of_campaign(work.conn, campaign_id=campaign_id)
        others = {name: each for name, each in before.items() if name != set_id}
        if len(others) >= SETS_MAX:
            raise Exhausted("too_many_sets", "The campaign has too many sets.", limit=SETS_MAX)
        defined = {badge.badge_id for badge in await badges_of_campaign(work.conn, campaign_id=campaign_id)}
        taken = {badge: name for name, each in others.items() for badge in each.terms.badges}
        check_set(draft, work.campaign, defined=defined, taken=taken)
        saved = BadgeSet(set_id=set_id, terms=draft, stock=_full(draft))
        await store.save_set(work.conn, saved, campaign_id=campaign_id)
        await promise(work, promised(draft), source=f"set:{set_id}")
        await work.record("set.save", old=_values(before.get(set_id)), new=_values(saved))


async def delete_set(resources: Resources, caller: Caller, *, campaign_id: str, set_id: str) -> None:
    """Remove a set of a draft campaign. NotFound `set_not_found`."""
    async with desk_of(resources, caller, campaign_id) as work:
        require_state(work.campaign, "draft")
        before = await store.find_set(work.conn, campaign_id=campaign_id, set_id=set_id, lock=True)
        if before is None:
            raise no_such_set()
        await store.delete_set(work.conn, campaign_id=campaign_id, set_id=set_id)
        await promise(work, _NOTHING, source=f"set:{set_id}")
        await work.record("set.delete", old=_values(before), new={})


async def sets(resources: Resources, caller: Caller, *, campaign_id: str) -> list[BadgeSet]:
    """The sets of a campaign of the brand. NotFound."""
    async with resources.pool.acquire() as conn:
        await campaign_of(conn, campaign_id=campaign_id, brand_id=caller.brand_id)
        return list((await store.sets_of_campaign(conn, campaign_id=campaign_id)).values())


def no_such_set() -> NotFound:
    """The one answer for a set that the campaign does not have."""
    return NotFound("set_not_found", "The campaign has no such set.")


def _full(draft: SetDraft) -> Stock:
    convert = draft.convert.units if draft.convert else 0
    return Stock(prize=draft.prize.units, alternative=draft.alternative.units, convert=convert)


def _text(draft: NameDraft) -> Text:
    return Text(zh=draft.zh, en=draft.en)


def _values(saved: BadgeSet | None) -> dict[str, Any]:
    return {} if saved is None else {saved.set_id: msgspec.to_builtins(saved.terms)}
