"""Runs that are about to break, and when that is told: pure decisions."""

from datetime import date
from functools import partial
from typing import Final

import msgspec

from game.tasks.days import Zones, ends_ms, exists
from game.tasks.streak_records import Days, StreakKey
from game.tasks.streaks import Streak, at_risk, next_day

# How long before the end of the day a brand is told.
EXPIRING_MS: Final = 4 * 3_600_000


class Risk(msgspec.Struct, frozen=True, kw_only=True):
    """A run that breaks at the end of a day; `tell_ms` is when to say so, None: not, or not again."""

    key: StreakKey
    day: date
    run: int
    tell_ms: int | None


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a risk whose time has come; `ends_ms` is when its day ends, None: nothing is told."""

    risk: Risk
    ends_ms: int | None


def risk_of(key: StreakKey, standing: Streak, days: Days, zones: Zones) -> Risk | None:
    """What a streak risks, folded to the last of its days; None: nothing."""
    day = at_risk(standing, last=max(days.checked | days.repaired), exists=partial(exists, zones))
    return None if day is None else _risk(key, zones, day, run=standing.current)


def judge(risk: Risk, zones: Zones, *, now_ms: int, over_ms: int) -> Judged:
    """Whether a risk is told now; a day that travel has skipped or moved is told at its own time.

    The last day of a campaign, which is over at `over_ms`, breaks no run.
    """
    day = risk.day if exists(zones, risk.day) else next_day(risk.day, partial(exists, zones))
    again = _risk(risk.key, zones, day, run=risk.run)
    done = msgspec.structs.replace(again, tell_ms=None)
    ends = ends_ms(zones, day) or 0
    if ends <= now_ms or over_ms <= ends:
        return Judged(risk=done, ends_ms=None)
    if again.tell_ms is not None and again.tell_ms > now_ms:
        return Judged(risk=again, ends_ms=None)
    return Judged(risk=done, ends_ms=ends)


def _risk(key: StreakKey, zones: Zones, day: date, *, run: int) -> Risk:
    ends = ends_ms(zones, day)
    return Risk(key=key, day=day, run=run, tell_ms=None if ends is None else ends - EXPIRING_MS)
