"""Streaks as managers and players see them: wire structs."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import msgspec

from game.campaigns.drafts import NameDraft
from game.instants import to_datetime
from game.plays.views import RefusalView
from game.tasks.drafts import RewardDraft
from game.tasks.repair_rules import Repair, RepairReason, RepairState
from game.tasks.streak_defining import promised
from game.tasks.streak_drafts import StreakDraft
from game.tasks.streak_listing import Listed, Mine, Reason
from game.tasks.streak_records import Defined
from game.tasks.streaks import Day, DayState


class StreakView(msgspec.Struct, frozen=True, kw_only=True):
    """A streak as it was written."""

    streak_id: str
    streak: StreakDraft


class StreakList(msgspec.Struct, frozen=True, kw_only=True):
    """The streaks of a campaign, and the most points that all of them can pay, refunded repairs included."""

    streaks: Sequence[StreakView]
    points_at_most: int


class TodayView(msgspec.Struct, frozen=True, kw_only=True):
    """Your present day: `open` until it is checked, and over at `ends_at`."""

    day: date
    state: DayState
    ends_at: datetime


class NextMilestone(msgspec.Struct, frozen=True, kw_only=True):
    """What a run of `days` earns, for which `days_to_go` are missing. `is_full`: nobody gets it any more."""

    days: int
    days_to_go: int
    reward: RewardDraft
    is_full: bool


class RepairOffer(msgspec.Struct, frozen=True, kw_only=True):
    """The missed day that can be repaired, for so many points, until the player's day ends at `until`."""

    day: date
    price_points: int
    until: datetime


class MyStreak(msgspec.Struct, frozen=True, kw_only=True):
    """A streak as you have it: the present run, which began on `begun`, and the longest one.

    `freezes` are held, of `freezes_held` that can be; one is used by itself on a missed day. `unavailable`
    says why no day can be checked now, null: it can. `no_repair` says why no missed day can be repaired now,
    null: that of `repair` can.
    """

    streak: str
    name: NameDraft
    text: NameDraft
    event_type: str
    current: int
    longest: int
    begun: date | None
    freezes: int
    freezes_held: int
    today: TodayView
    next: NextMilestone | None
    unavailable: Reason | None
    repair: RepairOffer | None
    no_repair: RepairReason | None


class MyStreaks(msgspec.Struct, frozen=True, kw_only=True):
    """Your streaks in a campaign."""

    streaks: Sequence[MyStreak]


class DayView(msgspec.Struct, frozen=True, kw_only=True):
    """A day of the calendar; `run` is the length of the streak on its evening."""

    day: date
    state: DayState
    run: int


class CalendarView(msgspec.Struct, frozen=True, kw_only=True):
    """The days of a month, from your first checked day to today; days that you never had are left out."""

    month: str
    days: Sequence[DayView]


class RepairIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The missed day to repair: the one that your streak offers."""

    day: date


class RepairView(msgspec.Struct, frozen=True, kw_only=True):
    """A missed day that is repaired for points.

    `funding` and `resolving`: it is not known yet whether you were charged. `applied`: the day counts.
    `rejected` and `cancelled`: you were not charged. `is_refunded`: an event has checked the day after all.
    """

    id: str
    streak: str
    day: date
    state: RepairState
    price_points: int
    balance_points: int | None
    asked_at: datetime
    finished_at: datetime | None
    refusal: RefusalView | None
    is_refunded: bool


def streak_view(defined: Defined) -> StreakView:
    """A streak as it is sent."""
    return StreakView(streak_id=defined.streak_id, streak=defined.draft)


def streak_list(found: Mapping[str, Defined]) -> StreakList:
    """All streaks of a campaign as they are sent."""
    return StreakList(
        streaks=[streak_view(each) for each in found.values()],
        points_at_most=promised(each.draft for each in found.values()).points,
    )


async def my_streaks_view(mine: Mine) -> MyStreaks:
    """A player's streaks as they are sent. Whoever tells the same otherwise raises `streak_listing.FORM`."""
    return MyStreaks(streaks=[_my_streak(each) for each in mine.streaks()])


def _my_streak(listed: Listed) -> MyStreak:
    draft, standing = listed.defined.draft, listed.standing
    today = standing.days[-1]
    return MyStreak(
        streak=listed.defined.streak_id,
        name=draft.name,
        text=draft.text,
        event_type=draft.event_type,
        current=standing.current,
        longest=standing.longest,
        begun=standing.begun,
        freezes=standing.freezes,
        freezes_held=draft.policy.freezes_held,
        today=TodayView(day=today.day, state=today.state, ends_at=to_datetime(listed.day_ends_ms)),
        next=_next(listed),
        unavailable=listed.reason,
        repair=_offer(listed),
        no_repair=listed.no_repair,
    )


def repair_view(repair: Repair) -> RepairView:
    """A repair as it is sent."""
    return RepairView(
        id=repair.wire_id,
        streak=repair.streak_id,
        day=repair.day,
        state=repair.state,
        price_points=repair.price_points,
        balance_points=repair.balance_points,
        asked_at=to_datetime(repair.asked_ms),
        finished_at=None if repair.finished_ms is None else to_datetime(repair.finished_ms),
        refusal=None if repair.refusal is None else msgspec.json.decode(repair.refusal, type=RefusalView),
        is_refunded=repair.is_refunded,
    )


def _offer(listed: Listed) -> RepairOffer | None:
    day, ends_ms = listed.standing.repairable, listed.repair_ends_ms
    if listed.no_repair or day is None or ends_ms is None:
        return None
    price_points = listed.defined.draft.policy.repair_points
    return RepairOffer(day=day, price_points=price_points, until=to_datetime(ends_ms))


async def calendar_view(month: str, days: Sequence[Day]) -> CalendarView:
    """A month as it is sent."""
    return CalendarView(
        month=month, days=[DayView(day=each.day, state=each.state, run=each.run) for each in days]
    )


def _next(listed: Listed) -> NextMilestone | None:
    if listed.next is None:
        return None
    milestone = listed.next.milestone
    return NextMilestone(
        days=milestone.days,
        days_to_go=milestone.days - listed.standing.current,
        reward=milestone.reward,
        is_full=listed.next.is_full,
    )
