"""A player's tasks: how far each is, what comes next, and why one is out of reach."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, Literal
from uuid import UUID

import msgspec

from game.auth import Caller
from game.campaigns.access import launched
from game.campaigns.records import Campaign
from game.db.connection import Connection
from game.players import player_id_of
from game.resources import Resources
from game.tasks import progress_store, store
from game.tasks.completing import APPROVED, Completion
from game.tasks.counting import published
from game.tasks.days import DAY, Zones, day_at, ends_ms, start_of, within, zone_at
from game.tasks.records import Published, Task
from game.tasks.rules import Bar, bar
from game.tasks.windows import window_end, window_start

COMPLETIONS_MAX: Final = 10_000

Reason = Literal["campaign_ended", "not_open_yet", "closed", "segment", "done", "cap_reached", "prerequisite"]


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A task as a player has it.

    `window_ends_ms` is when the present window ends. `reason` says why nothing can be earned now, None: it
    can. `missing` are the prerequisites that the player has not done yet; progress counts all the same.
    """

    task: Task
    bar: Bar
    window_ends_ms: int
    completions: tuple[Completion, ...]
    reason: Reason | None
    missing: tuple[str, ...]


class _Read(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a player in a campaign."""

    progress: Mapping[str, int]
    completions: Sequence[Completion]
    full: frozenset[str]
    segments: frozenset[str]
    zones: Zones


async def my_tasks(resources: Resources, caller: Caller, *, campaign_id: str) -> list[Listed]:
    """The tasks of a launched campaign, for the caller. NotFound for a draft or another brand's."""
    player_id = await player_id_of(resources, caller)
    now_ms = resources.clock()
    async with resources.pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        campaign = await launched(conn, campaign_id=campaign_id, brand_id=caller.brand_id)
        found = await published(conn, resources, campaign_id)
        read = await _read(conn, campaign, found, player_id, now_ms)
    return [_listed(task, campaign, read, now_ms=now_ms) for task in found.tasks.values()]


async def _read(
    conn: Connection, campaign: Campaign, found: Published, player_id: UUID, now_ms: int
) -> _Read:
    campaign_id, brand_id = campaign.campaign_id, campaign.brand_id
    chosen = (await store.zones_of(conn, [player_id])).get(player_id, ())
    zones = within(chosen, campaign.time_zone)
    today = day_at(zones, now_ms)
    starts = {task_id: _start(task, today) for task_id, task in found.tasks.items()}
    segments = await store.segments_of(conn, [player_id], brand_ids=[brand_id])
    return _Read(
        progress=await progress_store.windows_of_player(
            conn, starts, campaign_id=campaign_id, player_id=player_id
        ),
        completions=await progress_store.completions_of_player(
            conn, campaign_id=campaign_id, player_id=player_id, limit=COMPLETIONS_MAX
        ),
        full=await progress_store.full_caps(conn, campaign_id=campaign_id),
        segments=segments.get(player_id, frozenset()),
        zones=zones,
    )


def _listed(task: Task, campaign: Campaign, read: _Read, *, now_ms: int) -> Listed:
    theirs = tuple(each for each in read.completions if each.key.task_id == task.task_id)
    shown = bar(task.terms, progress=read.progress.get(task.task_id, 0), held_in_all=len(theirs))
    missing = _missing(task, read.completions)
    return Listed(
        task=task,
        bar=shown,
        window_ends_ms=_window_ends_ms(task, read.zones, now_ms=now_ms),
        completions=theirs,
        reason=_out_of_reach(task, campaign, now_ms=now_ms) or _used_up(task, read, shown, missing),
        missing=missing,
    )


def _missing(task: Task, completions: Sequence[Completion]) -> tuple[str, ...]:
    done = Counter(each.key.task_id for each in completions if each.state in APPROVED)
    return tuple(each for each in task.draft.prerequisites if not done[each])


def _out_of_reach(task: Task, campaign: Campaign, *, now_ms: int) -> Reason | None:
    """Why nobody can earn it now; what lasts longest comes first."""
    if campaign.state == "ended":
        return "campaign_ended"
    if now_ms >= task.terms.closes_ms:
        return "closed"
    return "not_open_yet" if now_ms < task.terms.opens_ms else None


def _used_up(task: Task, read: _Read, shown: Bar, missing: Sequence[str]) -> Reason | None:
    """Why this player cannot earn it now."""
    if task.terms.segments and not task.terms.segments & read.segments:
        return "segment"
    if not shown.left:
        return "done"
    if task.task_id in read.full:
        return "cap_reached"
    return "prerequisite" if missing else None


def _start(task: Task, day: date) -> date:
    return window_start(task.terms.window, day, week_starts=task.terms.week_starts)


def _window_ends_ms(task: Task, zones: Zones, *, now_ms: int) -> int:
    end = window_end(task.terms.window, _start(task, day_at(zones, now_ms)))
    closes_ms = task.terms.closes_ms
    if end is None:
        return closes_ms
    return min(closes_ms, ends_ms(zones, end - DAY) or start_of(end, zone_at(zones, now_ms)))
