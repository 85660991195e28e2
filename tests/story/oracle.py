"""What players must have in the end, said once more and simply: one event after the other, no rows."""

import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from tests.story.tale import Happened

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


class Stand(msgspec.Struct, frozen=True):
    """The progress of each window, and how each completion that a player has ended."""

    progress: Mapping[Place, int]
    completions: Mapping[Nth, End]

    def approved(self, subject: str, task_id: str) -> int:
        """How many completions of a task a player has that were approved, or that nobody had to look at."""
        return sum(
            end == "approved" and where[:2] == (subject, task_id) for where, end in self.completions.items()
        )


def decision(subject: str, task_id: str, nth: int) -> Decision:
    """What people decide about a completion, whenever and however often they are asked."""
    return DECISIONS[zlib.crc32(f"{subject} {task_id} {nth}".encode()) % len(DECISIONS)]


def stand_of(tasks: Mapping[str, dict[str, Any]], kept: Iterable[Happened], *, opens_ms: int) -> Stand:
    """Where all stands after these events, once everything is decided."""
    progress: Counter[Place] = Counter()
    for event in kept:
        for task_id, task in tasks.items():
            if _counts(task, event) and event.at_ms >= opens_ms:
                worth = int(event.attributes[task["sum_of"]]) if task["sum_of"] else 1
                progress[event.subject, task_id, _window(task["window"], event.at_ms)] += worth
    subjects = {subject for subject, _, _ in progress}
    completions = [each for subject in subjects for each in _completions(tasks, subject, progress)]
    return Stand(progress, dict(completions))


def _completions(
    tasks: Mapping[str, dict[str, Any]], subject: str, progress: Mapping[Place, int]
) -> Iterable[tuple[Nth, End]]:
    earned: Counter[str] = Counter()
    for (whose, task_id, _), worth in progress.items():
        if whose == subject:
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


def _counts(task: dict[str, Any], event: Happened) -> bool:
    return task["event_type"] == event.type and all(
        event.attributes[each["attribute"]] in each["values"] for each in task["filters"]
    )


def _window(window: str, at_ms: int) -> date | None:
    day = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(CHINA).date()
    if window == "week":
        return day - timedelta(days=day.weekday())
    if window == "month":
        return day.replace(day=1)
    return day if window == "day" else None
