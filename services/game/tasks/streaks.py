"""Streaks of days with a check-in, with freezes and repairs: a pure fold over a player's days.

What comes out depends on the days alone, not on the order in which they were told, so that a late event, a
repeated one and a crash change nothing.
"""

from collections.abc import Callable, Collection
from datetime import date, timedelta
from typing import Annotated, Literal

import msgspec

DAYS_MAX = 3_660
MILESTONES_MAX = 100
FREEZES_MAX = 30
# A run of fewer days is not worth a word when it breaks.
RISK_MIN = 2

DayState = Literal["checked", "repaired", "frozen", "missed", "open"]


class StreakPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """After every `freeze_every` days in a row a freeze is earned, at most `freezes_held` are held.

    A freeze is used by itself on a missed day. A missed day can be repaired for `repair_points` within
    `repair_days` days; 0: never.
    """

    freeze_every: Annotated[int, msgspec.Meta(ge=1, le=DAYS_MAX)]
    freezes_held: Annotated[int, msgspec.Meta(ge=0, le=FREEZES_MAX)]
    repair_points: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    repair_days: Annotated[int, msgspec.Meta(ge=0, le=30)]


class Day(msgspec.Struct, frozen=True):
    """A day of the calendar; `run` is the length of the streak on its evening."""

    day: date
    state: DayState
    run: int


class Streak(msgspec.Struct, frozen=True, kw_only=True):
    """Where a player stands today: `current` counts today only once it is checked.

    `begun` is the first day of the present run, None without one. `repairable` is the missed day that a
    repair would mend, None where there is none.
    """

    current: int
    longest: int
    begun: date | None
    freezes: int
    repairable: date | None
    days: tuple[Day, ...]


def streak(
    policy: StreakPolicy,
    *,
    checked: Collection[date],
    repaired: Collection[date],
    today: date,
    exists: Callable[[date], bool],
) -> Streak:
    """The streak on a day; `exists` tells days that the player never had (a flight over the date line)."""
    fold = _Fold(policy)
    for day in _days(checked, today):
        if day in checked or day in repaired:
            fold.keep(day, "checked" if day in checked else "repaired")
        elif day == today:
            fold.days.append(Day(day, "open", fold.run))
        elif exists(day):
            fold.miss(day)
    return fold.result(today)


def _days(checked: Collection[date], today: date) -> list[date]:
    first = max(min(checked, default=today), today - timedelta(days=DAYS_MAX))
    return [first + timedelta(days=n) for n in range((today - first).days + 1)]


class _Fold:
    def __init__(self, policy: StreakPolicy) -> None:
        self.policy = policy
        self.run = self.longest = self.freezes = 0
        self.begun: date | None = None
        self.days: list[Day] = []

    def keep(self, day: date, state: DayState) -> None:
        self.begun = self.begun or day
        self.run += 1
        self.longest = max(self.longest, self.run)
        if self.run % self.policy.freeze_every == 0:
            self.freezes = min(self.policy.freezes_held, self.freezes + 1)
        self.days.append(Day(day, state, self.run))

    def miss(self, day: date) -> None:
        if self.freezes and self.run:
            self.freezes -= 1
            self.days.append(Day(day, "frozen", self.run))
            return
        self.run, self.begun = 0, None
        self.days.append(Day(day, "missed", 0))

    def result(self, today: date) -> Streak:
        return Streak(
            current=self.run,
            longest=self.longest,
            begun=self.begun,
            freezes=self.freezes,
            repairable=self._repairable(today),
            days=tuple(self.days),
        )

    def _repairable(self, today: date) -> date | None:
        """Only the last missed day: earlier ones would join runs that nobody kept."""
        missed = [day.day for day in self.days if day.state == "missed"]
        return missed[-1] if missed and (today - missed[-1]).days <= self.policy.repair_days else None


def at_risk(streak_: Streak, *, last: date, exists: Callable[[date], bool]) -> date | None:
    """The day at whose end the run breaks unless it is checked, by a streak folded to the `last` of its days.

    None where there is no run of RISK_MIN. Freezes cover the days before it.
    """
    if streak_.current < RISK_MIN:
        return None
    day = last
    for _ in range(streak_.freezes + 1):
        day = next_day(day, exists)
    return day


def next_day(day: date, exists: Callable[[date], bool]) -> date:
    """The player's day after another one."""
    day += timedelta(days=1)
    return day if exists(day) else day + timedelta(days=1)


def milestones_reached(streak_: Streak, milestones: Collection[int]) -> list[int]:
    """The milestones that the longest run has come to, lowest first: each is rewarded once."""
    return sorted(milestone for milestone in milestones if milestone <= streak_.longest)
