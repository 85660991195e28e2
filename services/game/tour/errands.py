"""What guests do at the fair, and the tour's own count of it, which owes nothing to the service's."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from game.tour.sender import Event, Notice

FORBIDDEN_CHANNEL = "wechat-moments"
AWAY, FORGETS, ELSEWHERE = 11, 10, 8
# Which task each type of event is for.
TASKS = {"share.created": "share", "review.created": "review", "checkin.created": "visit"}


class Tally(msgspec.Struct, frozen=True):
    """How often each guest did what each task asks for: by guest and task."""

    counts: Counter[tuple[str, str]]

    def of(self, name: str, task: str) -> int:
        """How often one did one."""
        return self.counts[name, task]

    def earned(self, name: str, task: str, draft: dict[str, Any]) -> int:
        """How many completions that is worth, where all days count together."""
        return min(self.of(name, task) // int(draft["target"]), int(draft["times_per_player"]))


def happened(notices: Iterable[Notice]) -> list[Event]:
    """What counts: each event once, less what was taken back, whichever came first."""
    events = {(notice.event.original, notice.event.is_reversal): notice.event for notice in notices}
    gone = {original for original, is_reversal in events if is_reversal}
    return [
        event
        for (original, is_reversal), event in events.items()
        if not is_reversal and original not in gone and event.attributes.get("channel") != FORBIDDEN_CHANNEL
    ]


def tally(notices: Iterable[Notice]) -> Tally:
    """Count what happened."""
    return Tally(Counter((event.subject, TASKS[event.type]) for event in happened(notices)))


def deeds(names: Sequence[str], now: datetime) -> list[Event]:
    """All but one share; every fourth, that one too, where it is forbidden; half review; all check in.

    Each does so a second before the next. The order of what is told has nothing to do with who or when.
    """
    found = [
        event
        for number, name in enumerate(names)
        for event in _of_one(number, name, now - timedelta(seconds=len(names) - number))
    ]
    return sorted(found, key=lambda event: hashlib.sha256("/".join(event.original).encode()).digest())


def _of_one(number: int, name: str, now: datetime) -> list[Event]:
    channels = ["poster"] * (number != ELSEWHERE) + [FORBIDDEN_CHANNEL] * (number % 4 == 0)
    shares = [_event("share", name, f"{name}-{channel}", now, channel=channel) for channel in channels]
    stars = number % 5 + 1
    reviews = [review(name, now, stars=stars)] * (number % 2 == 0)
    return [*shares, *reviews, *(check_in(name, now, days_ago=days) for days in _days_ago(number))]


def _days_ago(number: int) -> Iterable[int]:
    """Up to four days in a row, today the last; one guest was away for a day after three, one after one."""
    return {AWAY: (0, 2, 3, 4), FORGETS: (0, 1, 3)}.get(number, range(number % 4 + 1))


def review(name: str, now: datetime, *, stars: int) -> Event:
    """A review of the tea."""
    return _event("review", name, f"{name}-tea", now, item="tea", rating=stars)


def check_in(name: str, now: datetime, *, days_ago: int) -> Event:
    """A check-in at the gate, so many days ago."""
    return _event("checkin", name, f"gate-{days_ago}", now - timedelta(days=days_ago), place="gate")


def _event(what: str, name: str, occurrence: str, at: datetime, **attributes: Any) -> Event:
    return Event(type=f"{what}.created", subject=name, occurrence=occurrence, at=at, attributes=attributes)
