"""A player's tasks: how far each is, what comes next, and why one is out of reach."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final, Literal
from uuid import UUID

import asyncpg
import msgspec

from game.auth import Caller
from game.batch import Batcher
from game.campaigns.access import launched
from game.campaigns.records import Campaign
from game.errors import NotFound
from game.instants import to_datetime
from game.players import player_id_of
from game.recent import Recent
from game.resources import Resources
from game.tasks.completing import APPROVED, Completion
from game.tasks.counting import published
from game.tasks.days import DAY, Zones, day_at, ends_ms, start_of, within, zone_at
from game.tasks.holding_store import Holding, Place, holdings_of
from game.tasks.records import Published, Task
from game.tasks.rules import Bar, bar
from game.tasks.windows import window_end, window_start

CAMPAIGNS_KEPT: Final = 2_000
POLLS_PER_BATCH: Final = 64
POLLS_WAITING: Final = 4_096

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
    """What is known of a player in a campaign; `done` are the tasks of which something was approved."""

    today: date
    progress: Mapping[str, int]
    completions: Mapping[str, Sequence[Completion]]
    done: frozenset[str]
    full: frozenset[str]
    segments: frozenset[str]
    zones: Zones


async def my_tasks(resources: Resources, caller: Caller, *, campaign_id: str) -> list[Listed]:
    """The tasks of a launched campaign, for the caller. NotFound for a draft or another brand's."""
    player_id = await player_id_of(resources, caller)
    key = (resources.pool, caller.brand_id, campaign_id)
    polls = _recent.get(key) or _recent.put(key, _polls(resources, caller.brand_id, campaign_id))
    asked = await polls.submit(player_id)
    zones = within(asked.holding.zones, asked.campaign.time_zone)
    read = _read(asked.found, asked.holding, zones, now_ms=asked.now_ms)
    return [_listed(task, asked.campaign, read, now_ms=asked.now_ms) for task in asked.found.tasks.values()]


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What was read for a player at a time."""

    campaign: Campaign
    found: Published
    holding: Holding
    now_ms: int


_recent: "Recent[tuple[asyncpg.Pool[asyncpg.Record], str, str], Batcher[UUID, _Asked]]" = Recent(
    limit=CAMPAIGNS_KEPT
)


def _polls(resources: Resources, brand_id: str, campaign_id: str) -> Batcher[UUID, _Asked]:
    """Asks for all players of a campaign who wait at once: apps poll, and all at the same moment."""

    async def ask(player_ids: Sequence[UUID]) -> Sequence[_Asked | BaseException]:
        now_ms = resources.clock()
        async with resources.pool.acquire() as conn:
            try:
                campaign = await launched(conn, campaign_id=campaign_id, brand_id=brand_id)
            except NotFound as refusal:
                return [refusal for _ in player_ids]
            found = await published(conn, resources, campaign_id)
            places = _places(found.tasks.values(), now_ms=now_ms)
            holdings = await holdings_of(conn, places, player_ids, campaign_id=campaign_id, brand_id=brand_id)
        return [_Asked(campaign=campaign, found=found, holding=each, now_ms=now_ms) for each in holdings]

    return Batcher(ask, batch_limit=POLLS_PER_BATCH, waiting_limit=POLLS_WAITING)


def _places(tasks: Iterable[Task], *, now_ms: int) -> list[Place]:
    """The windows of now in all time zones: the player's own comes with the answer."""
    today = to_datetime(now_ms).date()
    days = (today - DAY, today, today + DAY)
    return [(task.task_id, start) for task in tasks for start in {_start(task, day) for day in days}]


def _read(found: Published, holding: Holding, zones: Zones, *, now_ms: int) -> _Read:
    today = day_at(zones, now_ms)
    starts = {task_id: _start(task, today) for task_id, task in found.tasks.items()}
    completions: defaultdict[str, list[Completion]] = defaultdict(list)
    for each in holding.completions:
        completions[each.key.task_id].append(each)
    return _Read(
        today=today,
        progress={task_id: holding.progress[task_id, start] for task_id, start in starts.items()},
        completions=completions,
        done=frozenset(each.key.task_id for each in holding.completions if each.state in APPROVED),
        full=holding.full,
        segments=holding.segments,
        zones=zones,
    )


def _listed(task: Task, campaign: Campaign, read: _Read, *, now_ms: int) -> Listed:
    theirs = tuple(read.completions.get(task.task_id, ()))
    shown = bar(task.terms, progress=read.progress[task.task_id], held_in_all=len(theirs))
    missing = tuple(each for each in task.draft.prerequisites if each not in read.done)
    return Listed(
        task=task,
        bar=shown,
        window_ends_ms=_window_ends_ms(task, read, now_ms=now_ms),
        completions=theirs,
        reason=_out_of_reach(task, campaign, now_ms=now_ms) or _used_up(task, read, shown, missing),
        missing=missing,
    )


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


def _window_ends_ms(task: Task, read: _Read, *, now_ms: int) -> int:
    end, zones = window_end(task.terms.window, _start(task, read.today)), read.zones
    closes_ms = task.terms.closes_ms
    if end is None:
        return closes_ms
    return min(closes_ms, ends_ms(zones, end - DAY) or start_of(end, zone_at(zones, now_ms)))
