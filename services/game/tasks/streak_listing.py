"""A player's streaks: how long each is, what comes next, and the days of the calendar."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Literal
from uuid import UUID

import msgspec

from game.auth import Caller
from game.campaigns.access import launched
from game.campaigns.records import Campaign
from game.db.connection import Connection
from game.players import player_id_of
from game.resources import Resources
from game.tasks import repair_store, store, streak_store
from game.tasks.counting import published
from game.tasks.days import DAY, Zones, day_at, ends_ms, exists, within
from game.tasks.reaching import days_of
from game.tasks.repair_rules import RepairReason, Standpoint, unavailable
from game.tasks.streak_defining import streak_of
from game.tasks.streak_drafts import MilestoneDraft
from game.tasks.streak_records import Days, Defined, StreakKey
from game.tasks.streaks import Day, Streak, streak

Reason = Literal["not_open_yet", "campaign_ended"]


class Next(msgspec.Struct, frozen=True, kw_only=True):
    """The milestone after those that were reached; `is_full`: no place is left under its cap."""

    milestone: MilestoneDraft
    is_full: bool


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A streak as a player has it.

    `day_ends_ms` is when the player's present day is over, or the campaign before that. `reason` says why no
    day can be checked now, None: it can. `no_repair` says why no missed day can be repaired now, None: the
    one that the standing names can, before `repair_ends_ms`.
    """

    defined: Defined
    standing: Streak
    day_ends_ms: int
    next: Next | None
    reason: Reason | None
    no_repair: RepairReason | None
    repair_ends_ms: int | None


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a player in a campaign, whose last instant is before `over_ms`."""

    campaign: Campaign
    streaks: Mapping[str, Defined]
    days: Mapping[str, Days]
    zones: Zones
    full: frozenset[tuple[str, int]]
    waiting: Sequence[tuple[str, date]]
    used_up: frozenset[str]
    now_ms: int
    over_ms: int

    @property
    def today(self) -> date:
        """The player's day, or the last one of the campaign."""
        return day_at(self.zones, min(self.now_ms, self.over_ms - 1))

    @property
    def reason(self) -> Reason | None:
        """Why no day can be checked now."""
        if self.now_ms >= self.over_ms:
            return "campaign_ended"
        return "not_open_yet" if self.now_ms < self.campaign.opens_ms else None

    def standing(self, streak_id: str) -> Streak:
        """A streak as it stands."""
        return streak(
            self.streaks[streak_id].draft.policy,
            checked=self.days[streak_id].checked,
            repaired=self.days[streak_id].repaired,
            today=self.today,
            exists=partial(exists, self.zones),
        )

    def standpoint(self, streak_id: str) -> Standpoint:
        """What decides whether a missed day of a streak can be repaired."""
        return Standpoint(
            policy=self.streaks[streak_id].draft.policy,
            standing=self.standing(streak_id),
            closed=self.reason or ("paused" if self.campaign.state == "paused" else None),
            waiting=[day for name, day in self.waiting if name == streak_id],
            has_places=streak_id not in self.used_up,
        )


async def my_streaks(resources: Resources, caller: Caller, *, campaign_id: str) -> list[Listed]:
    """The streaks of a launched campaign, for the caller. NotFound for a draft or another brand's."""
    read = await _read(resources, caller, campaign_id=campaign_id)
    return [_listed(each, read) for each in read.streaks.values()]


async def my_calendar(
    resources: Resources, caller: Caller, *, campaign_id: str, streak_id: str, month: str
) -> list[Day]:
    """The days of a streak in a month (`2026-11`), from the first checked day to today. NotFound."""
    read = await _read(resources, caller, campaign_id=campaign_id)
    streak_of(read.streaks, streak_id)
    return [day for day in read.standing(streak_id).days if day.day.isoformat().startswith(f"{month}-")]


async def read_streaks(
    conn: Connection, resources: Resources, caller: Caller, *, campaign_id: str, player_id: UUID
) -> Read:
    """What the caller's streaks in a launched campaign are told by. NotFound as for `my_streaks`."""
    campaign = await launched(conn, campaign_id=campaign_id, brand_id=caller.brand_id)
    streaks = (await published(conn, resources, campaign_id)).streaks
    keys = [StreakKey(campaign_id, player_id, streak_id) for streak_id in streaks]
    checked = await streak_store.checked_days(conn, keys)
    repairs = await repair_store.paid_repairs(conn, keys)
    chosen = (await store.zones_of(conn, [player_id])).get(player_id, ())
    return Read(
        campaign=campaign,
        streaks=streaks,
        days={key.streak_id: days_of(checked[key], repairs[key]) for key in keys},
        zones=within(chosen, campaign.time_zone),
        full=await streak_store.full_milestones(conn, campaign_id=campaign_id),
        waiting=await repair_store.waiting_repairs(conn, campaign_id=campaign_id, player_id=player_id),
        used_up=await repair_store.used_up(conn, campaign_id=campaign_id),
        now_ms=resources.clock(),
        over_ms=await streak_store.over_ms(conn, campaign_id=campaign_id),
    )


async def _read(resources: Resources, caller: Caller, *, campaign_id: str) -> Read:
    player_id = await player_id_of(resources, caller)
    async with resources.pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        return await read_streaks(conn, resources, caller, campaign_id=campaign_id, player_id=player_id)


def _listed(defined: Defined, read: Read) -> Listed:
    standing = read.standing(defined.streak_id)
    return Listed(
        defined=defined,
        standing=standing,
        day_ends_ms=min(ends_ms(read.zones, read.today) or read.over_ms, read.over_ms),
        next=_next(defined, standing, read.full),
        reason=read.reason,
        no_repair=unavailable(read.standpoint(defined.streak_id)),
        repair_ends_ms=_repair_ends_ms(defined, standing, read),
    )


def _repair_ends_ms(defined: Defined, standing: Streak, read: Read) -> int | None:
    """When the last day is over on which the missed day can be repaired, or the campaign before that."""
    if standing.repairable is None:
        return None
    last = standing.repairable + defined.draft.policy.repair_days * DAY
    return min(ends_ms(read.zones, last) or read.over_ms, read.over_ms)


def _next(defined: Defined, standing: Streak, full: frozenset[tuple[str, int]]) -> Next | None:
    ahead = [each for days, each in sorted(defined.milestones.items()) if days > standing.longest]
    if not ahead:
        return None
    return Next(milestone=ahead[0], is_full=(defined.streak_id, ahead[0].days) in full)
