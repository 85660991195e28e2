"""Runs of days with a check-in, by the tour's own count."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from game.tasks.streak_views import CalendarView, MyStreaks
from game.tour.errands import TASKS, happened
from game.tour.progress import Line, lines
from game.tour.sender import Notice
from game.tour.stage import TIME_ZONE, Plan

STREAK = "daily"
WORDS = "Check-in streak"


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """How many days in a row now, and at most; the freezes at hand; what became of each day."""

    current: int
    longest: int
    freezes: int
    states: dict[date, str]


def days_of(notices: Iterable[Notice], name: str) -> frozenset[date]:
    """The days, where the fair is, on which somebody checked in."""
    zone = ZoneInfo(TIME_ZONE)
    return frozenset(
        event.at.astimezone(zone).date()
        for event in happened(notices)
        if event.subject == name and TASKS[event.type] == "visit"
    )


def run_of(days: Collection[date], today: date, policy: dict[str, Any]) -> Run:
    """Day by day: a missed one ends the run, unless a freeze is at hand."""
    current = longest = freezes = 0
    states: dict[date, str] = {}
    for day in _until(min(days, default=today), today):
        if day in days:
            current, states[day] = current + 1, "checked"
            longest = max(longest, current)
            freezes = min(policy["freezes_held"], freezes + (current % policy["freeze_every"] == 0))
        elif day == today:
            states[day] = "open"
        elif current and freezes:
            freezes, states[day] = freezes - 1, "frozen"
        else:
            current, states[day] = 0, "missed"
    return Run(current=current, longest=longest, freezes=freezes, states=states)


def of_streaks(plan: Plan, was: Collection[date], now: Collection[date]) -> Counter[Line]:
    """What an inbox should list of milestones: those reached, and those that were taken back."""
    due = Counter[Line]()
    for milestone in plan.streaks[STREAK]["milestones"]:
        reached, kept = (_longest(plan, days) >= milestone["days"] for days in (was, now))
        due += lines(WORDS, milestone["reward"], kept=kept, taken_back=reached and not kept)
    return due


def check_streak(
    plan: Plan, name: str, days: Collection[date], mine: MyStreaks, calendar: CalendarView
) -> Iterator[str]:
    """What a guest is told of the streak and of its days is what was counted."""
    (told,) = mine.streaks
    run = run_of(days, told.today.day, plan.streaks[STREAK]["policy"])
    shown = (told.current, told.longest, told.freezes)
    if shown != (run.current, run.longest, run.freezes):
        yield f"{name}, streak {told.streak}: it is {shown}, not {(run.current, run.longest, run.freezes)}"
    wanted = {day: state for day, state in run.states.items() if f"{day:%Y-%m}" == calendar.month}
    listed = {each.day: each.state for each in calendar.days}
    if listed != wanted:
        yield f"{name}, calendar of {calendar.month}: it says {listed}, not {wanted}"


def _longest(plan: Plan, days: Collection[date]) -> int:
    return run_of(days, max(days, default=date.min), plan.streaks[STREAK]["policy"]).longest


def _until(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))
