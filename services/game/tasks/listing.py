"""A player's tasks: how far each is, what comes next, and why one is out of reach.

A list is made of nothing but what was read and the moment, so these name it: apps poll, and for nearly all
who ask nothing has changed, and no list is made (docs/decisions/0041-polls-and-missing-measures.md).
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final, Literal
from uuid import UUID

import msgspec

from game.campaigns.records import Campaign
from game.campaigns.rules import CampaignState
from game.campaigns.together import Together
from game.db.connection import Connection
from game.instants import to_datetime
from game.polling import tag_of
from game.resources import Resources
from game.tasks.completing import APPROVED, Completion
from game.tasks.counting import published
from game.tasks.days import DAY, Zones, day_at, ends_ms, start_of, within, zone_at
from game.tasks.holding_store import Held, Place, held_by, holding, zones_in
from game.tasks.records import Published, Task
from game.tasks.rules import Bar, bar
from game.tasks.windows import window_end, window_start

# To be raised when the same is told in another way: apps name what they have by it.
FORM: Final = 1

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


class Moment(msgspec.Struct, frozen=True):
    """All that a list knows of the time: the player's day, its zone, when a task last opened or closed."""

    today: date
    zone: str
    edge_ms: int


class Basis(msgspec.Struct, frozen=True):
    """All that a list is made of beside its campaign's tasks, which never change."""

    form: int
    campaign_id: str
    time_zone: str
    state: CampaignState
    moment: Moment
    places: Sequence[Place]
    held: Held


class _Read(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a player in a campaign; `done` are the tasks of which something was approved."""

    state: CampaignState
    moment: Moment
    progress: Mapping[str, int]
    completions: Mapping[str, Sequence[Completion]]
    done: frozenset[str]
    full: frozenset[str]
    segments: frozenset[str]
    zones: Zones


class Mine(msgspec.Struct, frozen=True, kw_only=True):
    """What a player's list of tasks is made of, as it was read at a moment."""

    player_id: UUID
    found: Published
    basis: Basis

    @property
    def tag(self) -> str:
        """Names the list: one that is made of the same has the same."""
        return tag_of(msgspec.json.encode(self.basis))

    def tasks(self) -> list[Listed]:
        """The list."""
        read = _read(self)
        return [_listed(task, read) for task in self.found.tasks.values()]


async def _read_all(
    conn: Connection, resources: Resources, campaign: Campaign, player_ids: Sequence[UUID]
) -> list[Mine]:
    now_ms = resources.clock()
    found = await published(conn, resources, campaign.campaign_id)
    places = places_at(found.tasks.values(), now_ms=now_ms)
    held = await held_by(
        conn, places, player_ids, campaign_id=campaign.campaign_id, brand_id=campaign.brand_id
    )
    return [
        Mine(player_id=player_id, found=found, basis=basis_of(each, campaign, found, places, now_ms=now_ms))
        for player_id, each in zip(player_ids, held, strict=True)
    ]


my_tasks: Final = Together(_read_all).mine


def places_at(tasks: Iterable[Task], *, now_ms: int) -> list[Place]:
    """The windows of now in all time zones, in order: the player's own comes with the answer."""
    today = to_datetime(now_ms).date()
    days = (today - DAY, today, today + DAY)
    return [(task.task_id, start) for task in tasks for start in sorted({_start(task, day) for day in days})]


def basis_of(
    held: Held, campaign: Campaign, found: Published, places: Sequence[Place], *, now_ms: int
) -> Basis:
    """What a player's list is made of at a moment."""
    zones = within(zones_in(held), campaign.time_zone)
    past = bisect_right(found.edges_ms, now_ms)
    moment = Moment(
        today=day_at(zones, now_ms),
        zone=zone_at(zones, now_ms),
        edge_ms=found.edges_ms[past - 1] if past else 0,
    )
    return Basis(FORM, campaign.campaign_id, campaign.time_zone, campaign.state, moment, places, held)


def _read(mine: Mine) -> _Read:
    basis, found = mine.basis, mine.found
    held = holding(basis.held, basis.places, campaign_id=basis.campaign_id, player_id=mine.player_id)
    starts = {task_id: _start(task, basis.moment.today) for task_id, task in found.tasks.items()}
    completions: defaultdict[str, list[Completion]] = defaultdict(list)
    for each in held.completions:
        completions[each.key.task_id].append(each)
    return _Read(
        state=basis.state,
        moment=basis.moment,
        progress={task_id: held.progress[task_id, start] for task_id, start in starts.items()},
        completions=completions,
        done=frozenset(each.key.task_id for each in held.completions if each.state in APPROVED),
        full=held.full,
        segments=held.segments,
        zones=within(held.zones, basis.time_zone),
    )


def _listed(task: Task, read: _Read) -> Listed:
    theirs = tuple(read.completions.get(task.task_id, ()))
    shown = bar(task.terms, progress=read.progress[task.task_id], held_in_all=len(theirs))
    missing = tuple(each for each in task.draft.prerequisites if each not in read.done)
    return Listed(
        task=task,
        bar=shown,
        window_ends_ms=_window_ends_ms(task, read),
        completions=theirs,
        reason=_out_of_reach(task, read) or _used_up(task, read, shown, missing),
        missing=missing,
    )


def _out_of_reach(task: Task, read: _Read) -> Reason | None:
    """Why nobody can earn it now; what lasts longest comes first."""
    if read.state == "ended":
        return "campaign_ended"
    if read.moment.edge_ms >= task.terms.closes_ms:
        return "closed"
    return "not_open_yet" if read.moment.edge_ms < task.terms.opens_ms else None


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


def _window_ends_ms(task: Task, read: _Read) -> int:
    end = window_end(task.terms.window, _start(task, read.moment.today))
    closes_ms = task.terms.closes_ms
    if end is None:
        return closes_ms
    return min(closes_ms, ends_ms(read.zones, end - DAY) or start_of(end, read.moment.zone))
