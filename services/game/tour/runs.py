"""Runs of days with a check-in, by the tour's own count."""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from game.tasks.streak_views import CalendarView, MyStreaks, RepairOffer, RepairView
from game.tour.client import repeated
from game.tour.errands import TASKS, happened
from game.tour.guests import Guest
from game.tour.progress import Line, lines
from game.tour.sender import Notice
from game.tour.stage import TIME_ZONE, Place, Plan

STREAK = "daily"
WORDS = "Check-in streak"


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """How many days in a row now, and at most; the freezes at hand; what became of each day."""

    current: int
    longest: int
    freezes: int
    states: dict[date, str]


class Mended(msgspec.Struct, frozen=True, kw_only=True):
    """A missed day that a guest repaired: what was offered, and what was answered twice under one key."""

    guest: Guest
    day: date
    offered: RepairOffer | None
    answers: tuple[RepairView, RepairView]

    def of(self, name: str) -> Collection[date]:
        """The days that somebody has repaired."""
        return (self.day,) if name == self.guest.name else ()


async def mend(guest: Guest, place: Place, now: datetime) -> Mended:
    """Repair the day before yesterday, which the guest forgot."""
    path = f"/v1/campaigns/{place.campaign_id}/me/streaks"
    (told,) = (await guest.client.get(path)).read(MyStreaks, status=200).streaks
    day = now.astimezone(ZoneInfo(TIME_ZONE)).date() - timedelta(days=2)
    path = f"{path}/{STREAK}/repairs"

    async def ask() -> RepairView:
        answer = await repeated(guest.client, path, {"day": day}, key="mend")
        return answer.read(RepairView, status=201)

    one, two = await asyncio.gather(ask(), ask())
    return Mended(guest=guest, day=day, offered=told.repair, answers=(one, two))


def days_of(notices: Iterable[Notice], name: str) -> frozenset[date]:
    """The days, where the fair is, on which somebody checked in."""
    zone = ZoneInfo(TIME_ZONE)
    return frozenset(
        event.at.astimezone(zone).date()
        for event in happened(notices)
        if event.subject == name and TASKS[event.type] == "visit"
    )


def run_of(days: Collection[date], mended: Collection[date], today: date, policy: dict[str, Any]) -> Run:
    """Day by day: a missed one ends the run, unless it was repaired or a freeze is at hand."""
    current = longest = freezes = 0
    states: dict[date, str] = {}
    for day in _until(min(days, default=today), today):
        if day in days or day in mended:
            current, states[day] = current + 1, "checked" if day in days else "repaired"
            longest = max(longest, current)
            freezes = min(policy["freezes_held"], freezes + (current % policy["freeze_every"] == 0))
        elif day == today:
            states[day] = "open"
        elif current and freezes:
            freezes, states[day] = freezes - 1, "frozen"
        else:
            current, states[day] = 0, "missed"
    return Run(current=current, longest=longest, freezes=freezes, states=states)


def of_streaks(
    plan: Plan, was: Collection[date], now: Collection[date], mended: Collection[date]
) -> Counter[Line]:
    """What an inbox should list of milestones: those reached, and those that were taken back."""
    due = Counter[Line]()
    for milestone in plan.streaks[STREAK]["milestones"]:
        reached = _longest(plan, was, ()) >= milestone["days"]
        kept = _longest(plan, now, mended) >= milestone["days"]
        due += lines(WORDS, milestone["reward"], kept=kept, taken_back=reached and not kept)
    return due


def check_streak(
    plan: Plan,
    name: str,
    days: Collection[date],
    mended: Collection[date],
    mine: MyStreaks,
    calendar: CalendarView,
) -> Iterator[str]:
    """What a guest is told of the streak and of its days is what was counted."""
    (told,) = mine.streaks
    run = run_of(days, mended, told.today.day, plan.streaks[STREAK]["policy"])
    shown = (told.current, told.longest, told.freezes)
    if shown != (run.current, run.longest, run.freezes):
        yield f"{name}, streak {told.streak}: it is {shown}, not {(run.current, run.longest, run.freezes)}"
    wanted = {day: state for day, state in run.states.items() if f"{day:%Y-%m}" == calendar.month}
    listed = {each.day: each.state for each in calendar.days}
    if listed != wanted:
        yield f"{name}, calendar of {calendar.month}: it says {listed}, not {wanted}"


def check_repair(plan: Plan, repair: Mended) -> Iterator[str]:
    """It was offered, and paid for once."""
    price = plan.streaks[STREAK]["policy"]["repair_points"]
    one, two = repair.answers
    if one != two or (one.state, one.day, one.price_points) != ("applied", repair.day, price):
        yield f"{repair.guest.name} repaired {repair.day} for {price} points once, and got {one} and {two}"
    offer = repair.offered
    if offer is None or (offer.day, offer.price_points) != (repair.day, price):
        yield f"{repair.guest.name} missed {repair.day}, and is offered {offer}"


def _longest(plan: Plan, days: Collection[date], mended: Collection[date]) -> int:
    last = max(days, default=date.min)
    return run_of(days, mended, last, plan.streaks[STREAK]["policy"]).longest


def _until(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))
