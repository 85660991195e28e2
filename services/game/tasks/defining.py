"""Writing the tasks of a draft campaign, and what a brand says of channels and of its players."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from game.auth import Caller
from game.campaigns.access import Desk, campaign_of, desk_of, require_state
from game.campaigns.badge_store import badges_of_campaign
from game.campaigns.chances import Recipient
from game.campaigns.checks import broken
from game.campaigns.promises import promise
from game.campaigns.records import Promise
from game.errors import Invalid, NotFound
from game.players import player_id_of
from game.resources import Resources
from game.scores.store import wanted
from game.tasks import store
from game.tasks.channels import folded
from game.tasks.checks import check_expiry, check_removal, check_schedule, check_task
from game.tasks.drafts import CHANNEL_MAX, PlayerSegments, ShareChannels, TaskDraft
from game.tasks.records import Published, Task
from game.webhooks.rules import attributes_of
from game.webhooks.source_store import declared_types

PROMISE = "task"  # what the sources of all rewards of tasks begin with
POINTS_MAX = 2**53 - 1


async def tasks(resources: Resources, caller: Caller, *, campaign_id: str) -> Published:
    """The tasks of a campaign of the brand. NotFound."""
    async with resources.pool.acquire() as conn:
        await campaign_of(conn, campaign_id=campaign_id, brand_id=caller.brand_id)
        return await store.tasks_of_campaign(conn, campaign_id=campaign_id)


async def save_task(
    resources: Resources, caller: Caller, draft: TaskDraft, *, campaign_id: str, task_id: str
) -> Task:
    """Write a task of a draft campaign, or write it anew. Invalid names the field that breaks a rule."""
    async with desk_of(resources, caller, campaign_id) as work:
        require_state(work.campaign, "draft")
        before = (await store.tasks_of_campaign(work.conn, campaign_id=campaign_id)).tasks
        await _check(work, task_id, draft, {name: task.draft for name, task in before.items()})
        await store.save_task(
            work.conn, draft, campaign_id=campaign_id, task_id=task_id, brand_id=caller.brand_id
        )
        after = (await store.tasks_of_campaign(work.conn, campaign_id=campaign_id)).tasks
        await _promise(work, after.values())
        await work.record("task.save", old=_values(before, task_id), new=_values(after, task_id))
    return after[task_id]


async def delete_task(resources: Resources, caller: Caller, *, campaign_id: str, task_id: str) -> None:
    """Remove a task of a draft campaign. NotFound; Conflict `task_needed`."""
    async with desk_of(resources, caller, campaign_id) as work:
        require_state(work.campaign, "draft")
        before = (await store.tasks_of_campaign(work.conn, campaign_id=campaign_id)).tasks
        task_of(before, task_id)
        others = {name: task for name, task in before.items() if name != task_id}
        ranked, _ = await wanted(work.conn, campaign_id=campaign_id)
        check_removal(task_id, {name: task.draft for name, task in others.items()}, ranked=ranked)
        await store.delete_task(work.conn, campaign_id=campaign_id, task_id=task_id)
        await _promise(work, others.values())
        await work.record("task.delete", old=_values(before, task_id), new={})


async def channels(resources: Resources, caller: Caller) -> frozenset[str]:
    """The share channels that the brand forbids."""
    async with resources.pool.acquire() as conn:
        found = await store.forbidden_channels(conn, [caller.brand_id])
    return found.get(caller.brand_id, frozenset())


async def set_channels(resources: Resources, caller: Caller, said: ShareChannels) -> None:
    """Forbid these share channels and no others: from now on no share there counts for any task.

    Invalid for one of which folding leaves nothing, or more than CHANNEL_MAX characters.
    """
    if not all(0 < len(folded(channel)) <= CHANNEL_MAX for channel in said.forbidden):
        raise broken("$.forbidden", f"1 to {CHANNEL_MAX} characters, written in full", most=CHANNEL_MAX)
    async with resources.pool.acquire() as conn, conn.transaction():
        await store.set_channels(conn, said.forbidden, brand_id=caller.brand_id)


async def set_segments(resources: Resources, caller: Caller, said: PlayerSegments, *, subject: str) -> None:
    """Put a player into these segments and no others: events that are processed from now on go by them."""
    player_id = await player_id_of(resources, Recipient(caller.brand_id, subject))
    async with resources.pool.acquire() as conn, conn.transaction():
        await store.set_segments(conn, said.segments, brand_id=caller.brand_id, player_id=player_id)


def task_of(found: Mapping[str, Task], task_id: str) -> Task:
    """The task of an id. NotFound `task_not_found`."""
    if task_id not in found:
        raise NotFound("task_not_found", "The campaign has no such task.")
    return found[task_id]


def promised(found: Iterable[Task]) -> Promise:
    """The most that tasks can give away: every place that there is, rewarded. All of a task is published."""
    points, vouchers, terms = 0, Counter[str](), {}
    for task in found:
        terms[task.task_id] = msgspec.to_builtins(task.draft)
        reward, times = task.draft.reward, task.draft.times_overall or 0
        if reward.kind == "points":
            points += reward.amount * times
        elif reward.kind == "voucher" and reward.item:
            vouchers[reward.item] += times
    return Promise(points=points, vouchers=vouchers, terms=terms)


async def _check(work: Desk, task_id: str, draft: TaskDraft, before: Mapping[str, TaskDraft]) -> None:
    conn, campaign = work.conn, work.campaign
    declared = await declared_types(conn, brand_id=campaign.brand_id)
    forbidden = await store.forbidden_channels(conn, [campaign.brand_id])
    check_task(
        task_id,
        draft,
        others={name: each for name, each in before.items() if name != task_id},
        attributes=attributes_of(draft.event_type, {each.type: each.attributes for each in declared}),
        forbidden=forbidden.get(campaign.brand_id, frozenset()),
    )
    check_schedule(draft, opens_ms=campaign.opens_ms, closes_ms=campaign.closes_ms)
    check_expiry(draft.reward, closes_ms=campaign.closes_ms, at="$")
    if draft.reward.kind == "badge":
        badges = await badges_of_campaign(conn, campaign_id=campaign.campaign_id)
        if draft.reward.item not in {badge.badge_id for badge in badges}:
            raise _broken("$.reward.item", "a badge of the campaign")


async def _promise(work: Desk, found: Iterable[Task]) -> None:
    most = promised(found)
    if most.points > POINTS_MAX:
        raise _broken("$.times_overall", f"at most {POINTS_MAX} points of all tasks together")
    await promise(work, most, source=PROMISE)


def _values(found: Mapping[str, Task], task_id: str) -> dict[str, Any]:
    return {task_id: msgspec.to_builtins(found[task_id].draft)} if task_id in found else {}


def _broken(field: str, rule: str) -> Invalid:
    return Invalid("rule_broken", f"{field}: {rule}", field=field, rule=rule)
