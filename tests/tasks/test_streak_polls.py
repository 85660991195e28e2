"""Polls of streaks: the same tag is the same list, and whatever changes a list changes its tag."""

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from game.instants import to_datetime
from game.tasks.days import Zone
from game.tasks.holding_store import Held
from game.tasks.records import Published
from game.tasks.streak_drafts import StreakDraft, terms_of
from game.tasks.streak_listing import FORM, Mine, basis_of
from game.tasks.streak_records import Defined
from game.tasks.streak_views import my_streaks_view
from tests.campaigns.office import DAY_MS, HOUR_MS
from tests.tasks.diary import Diary, milestone, streak
from tests.tasks.moments import CAMPAIGN, DAYS, START_MS, TRAVELS, changes, moments
from tests.tasks.shop import Shop

# Somebody ended it before its close.
OVER_MS = START_MS + (DAYS - 1) * DAY_MS - HOUR_MS


def streaks() -> Published:
    """Two streaks, of which one can be repaired."""
    found = {}
    for streak_id, policy in (("daily", {}), ("hard", {"repair_days": 0, "freezes_held": 0})):
        wanted = streak()
        draft = msgspec.convert(wanted | {"policy": wanted["policy"] | policy}, StreakDraft)
        terms = terms_of(streak_id, draft, opens_ms=CAMPAIGN.opens_ms, closes_ms=CAMPAIGN.closes_ms)
        found[streak_id] = Defined(draft=draft, terms=terms)
    return Published(campaign_id=CAMPAIGN.campaign_id, time_zone=CAMPAIGN.time_zone, tasks={}, streaks=found)


def mine(found: Published, now_ms: int, zones: Sequence[Zone] = ()) -> Mine:
    """What somebody has at a moment who checked in on two days and had one repaired."""
    days = [to_datetime(START_MS + number * DAY_MS).date() for number in range(3)]
    rest = {
        "checked": {"daily": days[:2], "hard": days[:1]},
        "repaired": {"daily": days[2:]},
        "waiting": [],
        "full": [["daily", 4]],
        "used_up": [],
    }
    held = Held(*(msgspec.json.encode(each).decode() for each in (zones, rest)))
    return Mine(found=found, basis=basis_of(held, CAMPAIGN, over_ms=OVER_MS, now_ms=now_ms))


@pytest.mark.parametrize("zones", TRAVELS)
def test_lists_of_the_same_tag_are_the_same(zones: Sequence[Zone]) -> None:
    """At any moment, though nothing was written: days end, zones come into force, the campaign is over."""
    found = streaks()
    lists: dict[str, Any] = {}
    for now_ms in moments([CAMPAIGN.opens_ms, OVER_MS]):
        asked = mine(found, now_ms, zones)
        told = (asked.streaks(), asked.calendar("daily", "2026-11"))
        assert lists.setdefault(asked.tag, told) == told
    assert changes(lists.values()) == len(lists) - 1
    assert DAYS <= len(lists) < DAYS + 4


@pytest.mark.asyncio
async def test_what_is_told_otherwise_is_named_otherwise() -> None:
    """If this fails, the same is told in another way: raise FORM, since apps name what they have by it.

    The tag is that of all processes, whatever the seed of their hashes.
    """
    asked = mine(streaks(), START_MS + HOUR_MS)
    told = hashlib.sha256(msgspec.json.encode(await my_streaks_view(asked))).hexdigest()[:16]
    assert (FORM, asked.tag[1:17], told) == (1, "7ce6ad4aff06770c", "bf8a681cf98a2c24")


@pytest.mark.asyncio
async def test_what_others_do_changes_the_tag(shop: Shop) -> None:
    """Whoever takes the last place of a milestone or of the repairs; one's own days; the end."""
    diary = Diary(shop)
    await diary.opened(milestones=[milestone(2, times_overall=1)], repairs_overall=1)
    diary.now_is(2)
    diary.fund(50, "bob")
    tags = [await tag(shop)]
    assert await tag(shop) == tags[0]
    await diary.kept(0, subject="bob")
    assert await tag(shop) == tags[0]
    await diary.repaired(1, subject="bob")
    tags.append(await tag(shop))
    await diary.kept(0)
    tags.append(await tag(shop))
    diary.now_is(3)
    tags.append(await tag(shop))
    await shop.office.done("POST", f"campaigns/{shop.campaign_id}/end")
    tags.append(await tag(shop))
    assert len(set(tags)) == len(tags)


async def tag(shop: Shop) -> str:
    """How the present list of ann is named."""
    return (await shop.me("GET", "streaks")).headers["etag"]
