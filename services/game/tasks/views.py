"""Tasks as managers see them."""

from collections.abc import Sequence

import msgspec

from game.tasks.defining import promised
from game.tasks.drafts import TaskDraft
from game.tasks.records import Published, Task


class TaskView(msgspec.Struct, frozen=True, kw_only=True):
    """A task as it was written."""

    task_id: str
    task: TaskDraft


class TaskList(msgspec.Struct, frozen=True, kw_only=True):
    """The tasks of a campaign, and the most points that all of them can pay."""

    tasks: Sequence[TaskView]
    points_at_most: int


class ChannelsView(msgspec.Struct, frozen=True, kw_only=True):
    """The share channels that a brand forbids."""

    forbidden: Sequence[str]


class SegmentsView(msgspec.Struct, frozen=True, kw_only=True):
    """The segments that a player is in."""

    subject: str
    segments: Sequence[str]


def task_view(task: Task) -> TaskView:
    """A task as it is sent."""
    return TaskView(task_id=task.task_id, task=task.draft)


def task_list(found: Published) -> TaskList:
    """All tasks of a campaign as they are sent."""
    return TaskList(
        tasks=[task_view(task) for task in found.tasks.values()],
        points_at_most=promised(found.tasks.values()).points,
    )
