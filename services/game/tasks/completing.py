"""What a player lacks of the completions that were earned, and what has to be withdrawn: pure decisions."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal
from uuid import UUID

import msgspec

from game.tasks.records import Task, TaskKey
from game.tasks.rules import targets

State = Literal["pending", "rewarded", "capped", "rejected", "appealed", "denied", "withdrawn"]
APPROVED: Final[frozenset[State]] = frozenset({"rewarded", "capped"})


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """The `nth` completion of a task by a player.

    One that is withdrawn and earned again is its next `generation`, with a reward of its own. `has_place`:
    it has one of the places under the cap over all players, and keeps it. `reason` is why it was rejected,
    `appeal` what the player said to that; None before.
    """

    key: TaskKey
    nth: int
    completion_id: UUID
    generation: int
    state: State
    has_place: bool
    reason: str | None
    appeal: str | None

    @property
    def source(self) -> str:
        """The source of its reward."""
        return reward_source(self.key.task_id, self.nth, self.generation)


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A completion to make, or to make anew where `was` is not None."""

    key: TaskKey
    nth: int
    was: Completion | None


def reward_source(task_id: str, nth: int, generation: int) -> str:
    """What names the reward of a completion for ever."""
    return f"task:{task_id}:{nth}" + (f".{generation}" if generation > 1 else "")


def differences(
    tasks: Mapping[str, Task],
    earned: Mapping[TaskKey, int],
    completions: Sequence[Completion],
    *,
    campaign_id: str,
    player_id: UUID,
) -> tuple[list[Due], list[Completion]]:
    """What a player lacks of the tasks of a chain, and what has to be withdrawn."""
    keys = {task_id: TaskKey(campaign_id, player_id, task_id) for task_id in tasks}
    sums = {task_id: earned.get(key, 0) for task_id, key in keys.items()}
    there = {(each.key.task_id, each.nth): each for each in completions}
    wanted = targets(
        {name: task.terms for name, task in tasks.items()}, sums, _approved(tasks, sums, completions)
    )
    due = [
        Due(key=keys[task_id], nth=nth, was=was)
        for task_id, count in sorted(wanted.items())
        for nth in range(1, count + 1)
        if (was := there.get((task_id, nth))) is None or was.state == "withdrawn"
    ]
    gone = [
        each
        for (task_id, nth), each in sorted(there.items())
        if nth > wanted[task_id] and each.state != "withdrawn"
    ]
    return due, gone


def _approved(
    tasks: Mapping[str, Task], sums: Mapping[str, int], completions: Sequence[Completion]
) -> dict[str, int]:
    return {
        task_id: sum(
            1
            for each in completions
            if each.key.task_id == task_id and each.state in APPROVED and each.nth <= sums[task_id]
        )
        for task_id, task in tasks.items()
        if task.draft.needs_review
    }


def decided(completion: Completion, *, has_place: bool) -> Completion:
    """A completion that was approved: rewarded, where there is a place for it."""
    state: State = "rewarded" if has_place else "capped"
    return msgspec.structs.replace(completion, state=state, has_place=has_place)


def renewed(due: Due, *, new_id: UUID) -> Completion:
    """A completion that is due; it waits for whoever decides about it."""
    return Completion(
        key=due.key,
        nth=due.nth,
        completion_id=due.was.completion_id if due.was else new_id,
        generation=due.was.generation + 1 if due.was else 1,
        state="pending",
        has_place=bool(due.was and due.was.has_place),
        reason=None,
        appeal=None,
    )
