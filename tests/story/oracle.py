"""What players must have in the end, said once more and simply: one event after the other, no rows."""

import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from tests.story.tale import STREAK, TASKS, Happened
from tests.tasks.streak_oracle import walk

CHINA = ZoneInfo("Asia/Shanghai")
# A week is one of Monday, a window without days has no day.
Place = tuple[str, str, date | None]
Nth = tuple[str, str, int]
End = Literal["approved", "rejected", "denied"]
Decision = Literal["approve", "reject", "approve after an appeal", "deny after an appeal"]
DECISIONS: Final[tuple[Decision, ...]] = (
    "approve", "approve", "reject", "approve after an appeal", "deny after an appeal",
)  # fmt: skip
_ENDS: Final[dict[Decision, End]] = {"reject": "rejected", "deny after an appeal": "denied"}


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """What counts on a board, and when it happened."""

    board_id: str
    subject: str
    amount: int
    at_ms: int


class Stand(msgspec.Struct, frozen=True, kw_only=True):
    """The progress of each window, how each completion ended, milestones that were reached, and scores."""

    progress: Mapping[Place, int]
    completions: Mapping[Nth, End]
    milestones: Collection[tuple[str, int]]
    scores: Sequence[Score]

    def approved(self, subject: str, task_id: str) -> int:
        """How many completions of a task a player has that were approved, or that nobody had to look at."""
        return sum(
            end == "approved" and where[:2] == (subject, task_id) for where, end in self.completions.items()
        )


def decision(subject: str, task_id: str, nth: int) -> Decision:
    """What people decide about a completion, whenever and however often they are asked."""
    return DECISIONS[zlib.crc32(f"{subject} {task_id} {nth}".encode()) % len(DECISIONS)]


def stand_of(kept: Sequence[Happened], *, opens_ms: int, campaign_opens_ms: int) -> Stand:
    """Where all stands after these events, once everything is decided."""
    progress = _progress(kept, opens_ms)
    completions = dict(_completions(TASKS, progress))
    return Stand(
        progress=progress,
        completions=completions,
        milestones=frozenset(_milestones(kept, campaign_opens_ms)),
        scores=[*_completed(kept, completions, opens_ms), *_spent(kept, opens_ms)],
    )


def _progress(kept: Iterable[Happened], opens_ms: int) -> Counter[Place]:
    progress: Counter[Place] = Counter()
    for event in kept:
        for task_id, task in TASKS.items():
            if worth := _worth(task, event, opens_ms):
                progress[event.subject, task_id, _window(task["window"], event.at_ms)] += worth
    return progress


def _milestones(kept: Iterable[Happened], opens_ms: int) -> Iterable[tuple[str, int]]:
    days: dict[str, set[date]] = {}
    for event in kept:
        if event.type == STREAK["event_type"] and event.at_ms >= opens_ms:
            days.setdefault(event.subject, set()).add(_day(event.at_ms))
    for subject, checked in days.items():
        longest = walk(STREAK["policy"], checked=checked, repaired=(), until=max(checked)).longest
        yield from ((subject, each["days"]) for each in STREAK["milestones"] if each["days"] <= longest)


def _completed(kept: Sequence[Happened], completions: Mapping[Nth, End], opens_ms: int) -> Iterable[Score]:
    """A completion counts from when it could first be told, event by event; reviews delay nothing."""
    at_once = {task_id: task | {"needs_review": False} for task_id, task in TASKS.items()}
    first: dict[Nth, int] = {}
    told = sorted(kept, key=lambda event: event.at_ms)
    for number, event in enumerate(told, start=1):
        theirs = [each for each in told[:number] if each.subject == event.subject]
        for where, _ in _completions(at_once, _progress(theirs, opens_ms)):
            first.setdefault(where, event.at_ms)
    for where, end in completions.items():
        if end == "approved":
            yield Score(board_id="days", subject=where[0], amount=1, at_ms=first[where])


def _spent(kept: Iterable[Happened], opens_ms: int) -> Iterable[Score]:
    for event in kept:
        if worth := _worth(TASKS["spend"], event, opens_ms):
            yield Score(board_id="spenders", subject=event.subject, amount=worth, at_ms=event.at_ms)


def _completions(
    tasks: Mapping[str, dict[str, Any]], progress: Mapping[Place, int]
) -> Iterable[tuple[Nth, End]]:
    for subject in {whose for whose, _, _ in progress}:
        theirs = {place[1:]: worth for place, worth in progress.items() if place[0] == subject}
        yield from _completions_of(subject, tasks, theirs)


def _completions_of(
    subject: str, tasks: Mapping[str, dict[str, Any]], progress: Mapping[tuple[str, date | None], int]
) -> Iterable[tuple[Nth, End]]:
    earned: Counter[str] = Counter()
    for (task_id, _), worth in progress.items():
        earned[task_id] += min(worth // tasks[task_id]["target"], tasks[task_id]["times_per_window"])

    def numbers(task_id: str) -> range:
        task = tasks[task_id]
        is_open = all(_is_approved(subject, each, task_, numbers) for each, task_ in _needed(tasks, task))
        return range(1, 1 + min(earned[task_id], task["times_per_player"])) if is_open else range(0)

    for task_id, task in tasks.items():
        for nth in numbers(task_id):
            yield (subject, task_id, nth), _end(subject, task_id, nth, task)


def _needed(tasks: Mapping[str, dict[str, Any]], task: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(each, tasks[each]) for each in task["prerequisites"]]


def _is_approved(subject: str, task_id: str, task: dict[str, Any], numbers: Any) -> bool:
    return any(_end(subject, task_id, nth, task) == "approved" for nth in numbers(task_id))


def _end(subject: str, task_id: str, nth: int, task: dict[str, Any]) -> End:
    if not task["needs_review"]:
        return "approved"
    return _ENDS.get(decision(subject, task_id, nth), "approved")


def _worth(task: dict[str, Any], event: Happened, opens_ms: int) -> int:
    """What an event adds to a task; 0: it does not count."""
    if task["event_type"] != event.type or event.at_ms < opens_ms:
        return 0
    if any(event.attributes[each["attribute"]] not in each["values"] for each in task["filters"]):
        return 0
    return int(event.attributes[task["sum_of"]]) if task["sum_of"] else 1


def _day(at_ms: int) -> date:
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(CHINA).date()


def season(board_id: str, at_ms: int, *, first: str, last: str) -> str:
    """The season of a board that an instant counts in, be it before the first or after the last."""
    return min(max(_day(at_ms).isoformat(), first), last) if board_id == "days" else first


def _window(window: str, at_ms: int) -> date | None:
    day = _day(at_ms)
    if window == "week":
        return day - timedelta(days=day.weekday())
    if window == "month":
        return day.replace(day=1)
    return day if window == "day" else None
