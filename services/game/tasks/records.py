"""Tasks as they are stored, and how those of a campaign hang together."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property
from typing import TypeVar
from uuid import UUID

import msgspec

from game.tasks.drafts import TaskDraft
from game.tasks.rules import Terms
from game.tasks.streak_records import Defined


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A task of a campaign: as it was written, and what that means."""

    draft: TaskDraft
    terms: Terms

    @property
    def task_id(self) -> str:
        """Its id, unique in the campaign."""
        return self.terms.task_id


T = TypeVar("T", Task, Defined)


class Published(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """The tasks and streaks of a launched campaign, by id. Nothing of them ever changes."""

    campaign_id: str
    time_zone: str
    tasks: Mapping[str, Task]
    streaks: Mapping[str, Defined]

    @cached_property
    def by_type(self) -> Mapping[str, tuple[Task, ...]]:
        """The tasks that an event type counts for."""
        return _by_type(self.tasks.values())

    @cached_property
    def streaks_by_type(self) -> Mapping[str, tuple[Defined, ...]]:
        """The streaks that an event type counts for."""
        return _by_type(self.streaks.values())

    @cached_property
    def edges_ms(self) -> tuple[int, ...]:
        """The instants at which tasks open and close, in order."""
        return tuple(
            sorted({ms for task in self.tasks.values() for ms in (task.terms.opens_ms, task.terms.closes_ms)})
        )

    def chain(self, task_ids: Iterable[str]) -> dict[str, Task]:
        """These tasks, and all that hang together with them by prerequisites."""
        found: dict[str, Task] = {}
        waiting = list(task_ids)
        while waiting:
            task_id = waiting.pop()
            if task_id not in found:
                found[task_id] = self.tasks[task_id]
                waiting += self._neighbours[task_id]
        return found

    @cached_property
    def _neighbours(self) -> Mapping[str, set[str]]:
        beside: dict[str, set[str]] = {task_id: set() for task_id in self.tasks}
        for task_id, task in self.tasks.items():
            for other in task.draft.prerequisites:
                beside[task_id].add(other)
                beside[other].add(task_id)
        return beside


def _by_type(items: Iterable[T]) -> dict[str, tuple[T, ...]]:
    found: defaultdict[str, list[T]] = defaultdict(list)
    for each in items:
        found[each.terms.event_type].append(each)
    return {event_type: tuple(those) for event_type, those in found.items()}


class TaskKey(msgspec.Struct, frozen=True, order=True):
    """A player's part in a task."""

    campaign_id: str
    player_id: UUID
    task_id: str


class Contribution(msgspec.Struct, frozen=True, kw_only=True):
    """What an event adds to a task's progress, in the window that starts on a day."""

    key: TaskKey
    event_id: UUID
    window_start: date
    amount: int
