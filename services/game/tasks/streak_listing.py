"""A player's streaks: how long each is, what comes next, and the days of the calendar.

Named as tasks are, by what was read and the moment (`listing.py`).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Final, Literal
from uuid import UUID

import msgspec

from game.campaigns.records import Campaign
from game.campaigns.rules import CampaignState
from game.campaigns.together import Together
from game.db.connection import Connection
from game.polling import tag_of
from game.resources import Resources
from game.tasks import streak_store
from game.tasks.counting import published
from game.tasks.days import DAY, Zones, day_at, ends_ms, exists, within
from game.tasks.holding_store import Held, StreakHolding, streak_holding, streaks_held_by, zones_in
from game.tasks.records import Published
from game.tasks.repair_rules import RepairReason, Standpoint, unavailable
from game.tasks.streak_drafts import MilestoneDraft
from game.tasks.streak_records import Defined
from game.tasks.streaks import Day, Streak, streak

# To be raised when the same is told in another way: apps name what they have by it.
FORM: Final = 1

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


class Moment(msgspec.Struct, frozen=True):
    """All that a list knows of the time: the player's day (or the last), and why none can be checked."""

    today: date
    reason: Reason | None


class Basis(msgspec.Struct, frozen=True):
    """All that a list is made of beside its campaign's streaks, which never change.

    Nothing counts from `over_ms` on.
    """

    form: int
    campaign_id: str
    time_zone: str
    state: CampaignState
    over_ms: int
    moment: Moment
    held: Held


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a player in a campaign."""

    basis: Basis
    streaks: Mapping[str, Defined]
    zones: Zones
    holding: StreakHolding

    def standing(self, streak_id: str) -> Streak:
        """A streak as it stands."""
        return streak(
            self.streaks[streak_id].draft.policy,
            checked=self.holding.checked.get(streak_id, frozenset()),
            repaired=self.holding.repaired.get(streak_id, frozenset()),
            today=self.basis.moment.today,
            exists=partial(exists, self.zones),
        )

    def standpoint(self, streak_id: str) -> Standpoint:
        """What decides whether a missed day of a streak can be repaired."""
        return Standpoint(
            policy=self.streaks[streak_id].draft.policy,
            standing=self.standing(streak_id),
            closed=self.basis.moment.reason or ("paused" if self.basis.state == "paused" else None),
            waiting=[day for name, day in self.holding.waiting if name == streak_id],
            has_places=streak_id not in self.holding.used_up,
        )


class Mine(msgspec.Struct, frozen=True, kw_only=True):
    """What a player's lists of streaks are made of, as it was read at a moment."""

    found: Published
    basis: Basis

    @property
    def tag(self) -> str:
        """Names the lists: those that are made of the same have the same."""
        return tag_of(msgspec.json.encode(self.basis))

    def read(self) -> Read:
        """What was read."""
        return Read(
            basis=self.basis,
            streaks=self.found.streaks,
            zones=within(zones_in(self.basis.held), self.basis.time_zone),
            holding=streak_holding(self.basis.held),
        )

    def streaks(self) -> list[Listed]:
        """All streaks."""
        read = self.read()
        return [_listed(each, read) for each in read.streaks.values()]

    def calendar(self, streak_id: str, month: str) -> list[Day]:
        """The days of a streak in a month (`2026-11`), from the first checked day to today."""
        days = self.read().standing(streak_id).days
        return [day for day in days if day.day.isoformat().startswith(f"{month}-")]


async def read_streaks(
    conn: Connection,
    resources: Resources,
    campaign: Campaign,
    player_ids: Sequence[UUID],
    *,
    now_ms: int,
) -> list[Mine]:
    """What each player's streaks in a launched campaign are told by."""
    campaign_id = campaign.campaign_id
    found = await published(conn, resources, campaign_id)
    over_ms = await streak_store.over_ms(conn, campaign_id=campaign_id)
    held = await streaks_held_by(conn, player_ids, campaign_id=campaign_id)
    return [
        Mine(found=found, basis=basis_of(each, campaign, over_ms=over_ms, now_ms=now_ms)) for each in held
    ]


def basis_of(held: Held, campaign: Campaign, *, over_ms: int, now_ms: int) -> Basis:
    """What a player's lists are made of at a moment."""
    zones = within(zones_in(held), campaign.time_zone)
    reason: Reason | None = "not_open_yet" if now_ms < campaign.opens_ms else None
    moment = Moment(
        today=day_at(zones, min(now_ms, over_ms - 1)),
        reason="campaign_ended" if now_ms >= over_ms else reason,
    )
    return Basis(FORM, campaign.campaign_id, campaign.time_zone, campaign.state, over_ms, moment, held)


async def _read_all(
    conn: Connection, resources: Resources, campaign: Campaign, player_ids: Sequence[UUID]
) -> list[Mine]:
    return await read_streaks(conn, resources, campaign, player_ids, now_ms=resources.clock())


my_streaks: Final = Together(_read_all).mine


def _listed(defined: Defined, read: Read) -> Listed:
    standing = read.standing(defined.streak_id)
    return Listed(
        defined=defined,
        standing=standing,
        day_ends_ms=_until(read, read.basis.moment.today),
        next=_next(defined, standing, read.holding.full),
        reason=read.basis.moment.reason,
        no_repair=unavailable(read.standpoint(defined.streak_id)),
        repair_ends_ms=_repair_ends_ms(defined, standing, read),
    )


def _repair_ends_ms(defined: Defined, standing: Streak, read: Read) -> int | None:
    """When the last day is over on which the missed day can be repaired, or the campaign before that."""
    if standing.repairable is None:
        return None
    return _until(read, standing.repairable + defined.draft.policy.repair_days * DAY)


def _until(read: Read, day: date) -> int:
    """When a day is over, or the campaign before that."""
    over_ms = read.basis.over_ms
    return min(ends_ms(read.zones, day) or over_ms, over_ms)


def _next(defined: Defined, standing: Streak, full: frozenset[tuple[str, int]]) -> Next | None:
    ahead = [each for days, each in sorted(defined.milestones.items()) if days > standing.longest]
    if not ahead:
        return None
    return Next(milestone=ahead[0], is_full=(defined.streak_id, ahead[0].days) in full)
