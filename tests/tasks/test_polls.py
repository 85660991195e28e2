"""Polls of tasks: the same tag is the same list, and whatever changes a list changes its tag."""

import hashlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import pytest

from game.instants import to_datetime
from game.tasks.days import Zone
from game.tasks.drafts import TaskDraft, terms_of
from game.tasks.holding_store import Held
from game.tasks.listing import FORM, Mine, basis_of, places_at
from game.tasks.records import Published, Task
from game.tasks.views import my_tasks_view
from tests.campaigns.office import CLOSES_MS, DAY_MS, HOUR_MS
from tests.tasks.diary import Diary
from tests.tasks.moments import CAMPAIGN, DAYS, START_MS, TRAVELS, changes, moments
from tests.tasks.shop import Shop, task

PLAYER = UUID(int=1)
# It opens and closes in the middle of a day.
CHANGES: dict[str, dict[str, Any]] = {
    "buy": {"reward": {"kind": "points", "amount": 10}},
    "weekly": {"window": "week"},
    "monthly": {"window": "month", "prerequisites": ["buy"]},
    "short": {
        "window": "campaign",
        "opens": to_datetime(START_MS + 2 * DAY_MS + 1_234).isoformat(),
        "closes": to_datetime(START_MS + 5 * DAY_MS + 7 * HOUR_MS + 1).isoformat(),
    },
}


def tasks() -> Published:
    """Tasks of all kinds of windows."""
    found = {}
    for task_id, fields in CHANGES.items():
        draft = msgspec.convert(task(**fields), TaskDraft)
        terms = terms_of(task_id, draft, opens_ms=CAMPAIGN.opens_ms, closes_ms=CAMPAIGN.closes_ms)
        found[task_id] = Task(draft=draft, terms=terms)
    return Published(campaign_id=CAMPAIGN.campaign_id, time_zone="Asia/Shanghai", tasks=found, streaks={})


def mine(found: Published, now_ms: int, zones: Sequence[Zone] = ()) -> Mine:
    """What somebody has at a moment; in each window something else."""
    places = places_at(found.tasks.values(), now_ms=now_ms)
    rest = {"segments": [], "completions": [], "full": [], "windows": [day.day % 3 for _, day in places]}
    held = Held(*(msgspec.json.encode(each).decode() for each in (zones, rest)))
    return Mine(player_id=PLAYER, found=found, basis=basis_of(held, CAMPAIGN, found, places, now_ms=now_ms))


@pytest.mark.parametrize("zones", TRAVELS)
def test_lists_of_the_same_tag_are_the_same(zones: Sequence[Zone]) -> None:
    """At any moment, though nothing was written: days end, tasks open and close, zones come into force."""
    found = tasks()
    lists: dict[str, Any] = {}
    for now_ms in moments(found.edges_ms):
        asked = mine(found, now_ms, zones)
        assert lists.setdefault(asked.tag, asked.tasks()) == asked.tasks()
    # The UTC day is part of a tag, too.
    assert DAYS < changes(lists.values()) < len(lists) < 3 * (DAYS + 2)


@pytest.mark.asyncio
async def test_what_is_told_otherwise_is_named_otherwise() -> None:
    """If this fails, the same is told in another way: raise FORM, since apps name what they have by it.

    The tag is that of all processes, whatever the seed of their hashes.
    """
    asked = mine(tasks(), START_MS + HOUR_MS)
    told = hashlib.sha256(msgspec.json.encode(await my_tasks_view(asked))).hexdigest()[:16]
    assert (FORM, asked.tag[1:17], told) == (1, "0fdad59def49818c", "e5a1a0d19d6b4724")


@pytest.mark.asyncio
async def test_however_the_address_is_written_the_answer_is_the_same(shop: Shop) -> None:
    """The framework's routes and those before it tell the same, under the same tag."""
    await shop.saved()
    await Diary(shop).opened()
    for kind, first in (("tasks", "buy"), ("streaks", "daily")):
        plain, other = [await shop.me("GET", path) for path in (kind, f"{kind}/")]
        assert plain.json()[kind][0][kind.removesuffix("s")] == first
        assert (plain.status_code, plain.content) == (other.status_code, other.content)
        assert dict(plain.headers) == dict(other.headers)
        assert plain.headers["cache-control"] == "private, no-cache"


@pytest.mark.asyncio
async def test_what_others_do_changes_the_tag(shop: Shop) -> None:
    """The last place under a cap, the player's segments, a close and the end of the campaign."""
    await shop.saved(times_overall=1, closes=to_datetime(CLOSES_MS - DAY_MS).isoformat(), segments=["gold"])
    await shop.launch()
    tags = [await tag(shop)]
    assert await tag(shop) == tags[0]
    await shop.office.done("PUT", "players/ann/segments", {"segments": ["gold"]})
    tags.append(await tag(shop))
    await shop.office.done("PUT", "players/bob/segments", {"segments": ["gold"]})
    await shop.bought(subject="bob")
    await shop.process()
    tags.append(await tag(shop))
    shop.office.clock.now_ms = CLOSES_MS - DAY_MS
    tags.append(await tag(shop))
    await shop.office.done("POST", f"campaigns/{shop.campaign_id}/end")
    tags.append(await tag(shop))
    assert len(set(tags)) == len(tags)


async def tag(shop: Shop) -> str:
    """How the present list of ann is named."""
    return (await shop.me("GET", "tasks")).headers["etag"]
