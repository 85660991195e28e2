"""Counting events: towards tasks in windows, and what those have earned, and for the days of streaks."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from game.db.connection import Connection
from game.recent import Recent
from game.resources import Resources
from game.tasks import progress_store, store
from game.tasks.channels import CHANNEL, SHARE, folded
from game.tasks.days import Zones, day_at, within
from game.tasks.progress_store import Place
from game.tasks.records import Contribution, Published, Task, TaskKey
from game.tasks.rules import Event as Counted
from game.tasks.rules import Terms, amount, earned_in_window
from game.tasks.settling import Campaigns
from game.tasks.streak_records import Defined, Mark, StreakKey
from game.tasks.windows import window_start
from game.webhooks.store import Event

PUBLISHED_KEPT: Final = 2_000

_recent: "Recent[tuple[asyncpg.Pool[asyncpg.Record], str], Published]" = Recent(limit=PUBLISHED_KEPT)


async def published(conn: Connection, resources: Resources, campaign_id: str) -> Published:
    """The tasks and streaks of a launched campaign."""
    key = (resources.pool, campaign_id)
    return _recent.get(key) or _recent.put(key, await store.tasks_of_campaign(conn, campaign_id=campaign_id))


class Knowledge:
    """What a batch of events is judged by."""

    def __init__(
        self,
        *,
        segments: Mapping[UUID, frozenset[str]],
        zones: Mapping[UUID, Zones],
        forbidden: Mapping[str, frozenset[str]],
    ) -> None:
        self._segments = segments
        self._zones = zones
        self._forbidden = forbidden

    def contribution(self, event: Event, task: Task, campaign: Published) -> Contribution | None:
        """What an event adds to a task; None: it does not count."""
        if not (adds := self._amount(event, task.terms)):
            return None
        day = self._day(event, campaign)
        return Contribution(
            key=TaskKey(campaign.campaign_id, event.player_id, task.task_id),
            event_id=event.event_id,
            window_start=window_start(task.terms.window, day, week_starts=task.terms.week_starts),
            amount=adds,
        )

    def mark(self, event: Event, streak: Defined, campaign: Published) -> Mark | None:
        """The day on which an event counts for a streak; None: it does not."""
        if not self._amount(event, streak.terms):
            return None
        key = StreakKey(campaign.campaign_id, event.player_id, streak.streak_id)
        return Mark(key=key, event_id=event.event_id, day=self._day(event, campaign))

    def _amount(self, event: Event, terms: Terms) -> int:
        if self._is_forbidden(event):
            return 0
        counted = Counted(
            type=event.type,
            at_ms=event.occurred_ms,
            segments=self._segments.get(event.player_id, frozenset()),
            attributes=event.attributes,
        )
        return amount(terms, counted)

    def _is_forbidden(self, event: Event) -> bool:
        forbidden = self._forbidden.get(event.brand_id, ())
        return event.type == SHARE and folded(str(event.attributes.get(CHANNEL))) in forbidden

    def _day(self, event: Event, campaign: Published) -> date:
        zones = within(self._zones.get(event.player_id, ()), campaign.time_zone)
        return day_at(zones, event.occurred_ms)


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What events add to the tasks and streaks of launched campaigns, and those campaigns."""

    added: Sequence[Contribution]
    marks: Sequence[Mark]
    campaigns: dict[str, Published]


async def knowledge(conn: Connection, events: Sequence[Event]) -> Knowledge:
    """What is known about the players and brands of events."""
    player_ids = {event.player_id for event in events}
    brand_ids = {event.brand_id for event in events}
    return Knowledge(
        segments=await store.segments_of(conn, player_ids, brand_ids=brand_ids),
        zones=await store.zones_of(conn, player_ids),
        forbidden=await store.forbidden_channels(
            conn, {event.brand_id for event in events if event.type == SHARE}
        ),
    )


async def counts(conn: Connection, resources: Resources, events: Sequence[Event]) -> Counts:
    """What events of locked players add to tasks and streaks."""
    if not events:
        return Counts(added=(), marks=(), campaigns={})
    since_ms = min(event.occurred_ms for event in events)
    types = {(event.brand_id, event.type) for event in events}
    wanting = await store.campaigns_of_events(conn, types, since_ms=since_ms)
    campaigns = {each.campaign_id: await published(conn, resources, each.campaign_id) for each in wanting}
    known = await knowledge(conn, events)
    pairs = [
        (event, campaigns[each.campaign_id])
        for event in events
        for each in wanting
        if (each.brand_id, each.event_type) == (event.brand_id, event.type)
        and (each.ended_ms is None or event.occurred_ms < each.ended_ms)
    ]
    return Counts(
        added=[
            added
            for event, campaign in pairs
            for task in campaign.by_type.get(event.type, ())
            if (added := known.contribution(event, task, campaign))
        ],
        marks=[
            mark
            for event, campaign in pairs
            for streak in campaign.streaks_by_type.get(event.type, ())
            if (mark := known.mark(event, streak, campaign))
        ],
        campaigns=campaigns,
    )


async def count(conn: Connection, added: Sequence[Contribution], campaigns: Campaigns) -> set[TaskKey]:
    """Add what has not counted before to its windows; the tasks of which more or less is earned now."""
    new = await progress_store.add_contributions(conn, added) if added else []
    sums = _sums(new)
    return await _earn(conn, sums, await progress_store.add_progress(conn, sums), campaigns, sign=1)


async def uncount(conn: Connection, gone: Sequence[Contribution], campaigns: Campaigns) -> set[TaskKey]:
    """Take from windows what does not count any more; the tasks of which more or less is earned now."""
    sums = _sums(gone)
    return await _earn(conn, sums, await progress_store.take_progress(conn, sums), campaigns, sign=-1)


def _sums(found: Sequence[Contribution]) -> Counter[Place]:
    sums: Counter[Place] = Counter()
    for each in found:
        sums[each.key, each.window_start] += each.amount
    return sums


async def _earn(
    conn: Connection, sums: Mapping[Place, int], now: Mapping[Place, int], campaigns: Campaigns, *, sign: int
) -> set[TaskKey]:
    changes: Counter[TaskKey] = Counter()
    for (key, start), progress in now.items():
        terms = campaigns[key.campaign_id].tasks[key.task_id].terms
        before = progress - sign * sums[key, start]
        changes[key] += earned_in_window(terms, progress) - earned_in_window(terms, before)
    earned = {key: by for key, by in changes.items() if by}
    if earned:
        await progress_store.add_earned(conn, earned)
    return set(earned)
