"""What players must have in the end, said once more and simply: one event after the other, no rows."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

CHINA = ZoneInfo("Asia/Shanghai")


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """An event that was never taken back."""

    subject: str
    type: str
    at_ms: int
    attributes: dict[str, int | str]


def completions(tasks: Mapping[str, dict[str, Any]], events: Iterable[Happened]) -> dict[str, Counter[str]]:
    """How many completions of which tasks each subject has."""
    sums: dict[str, Counter[tuple[str, date | None]]] = {}
    for event in events:
        theirs = sums.setdefault(event.subject, Counter())
        for task_id, task in tasks.items():
            if task["event_type"] == event.type and all(_passes(each, event) for each in task["filters"]):
                worth = int(event.attributes[task["sum_of"]]) if task["sum_of"] else 1
                theirs[task_id, _window(task["window"], event.at_ms)] += worth
    return {subject: _held(tasks, theirs) for subject, theirs in sums.items()}


def _held(tasks: Mapping[str, dict[str, Any]], sums: Mapping[tuple[str, date | None], int]) -> Counter[str]:
    earned: Counter[str] = Counter()
    for (task_id, _), progress in sums.items():
        earned[task_id] += min(progress // tasks[task_id]["target"], tasks[task_id]["times_per_window"])

    def held(task_id: str) -> int:
        task = tasks[task_id]
        is_open = all(held(each) for each in task["prerequisites"])
        return min(earned[task_id], int(task["times_per_player"])) if is_open else 0

    return +Counter({task_id: held(task_id) for task_id in tasks})


def _passes(wanted: dict[str, Any], event: Happened) -> bool:
    return event.attributes[wanted["attribute"]] in wanted["values"]


def _window(window: str, at_ms: int) -> date | None:
    day = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(CHINA).date()
    if window == "week":
        return day - timedelta(days=day.weekday())
    return day if window == "day" else None
