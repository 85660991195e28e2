"""What a player lacks of what was earned, what is withdrawn, and what becomes of a review."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.tasks.completing import (
    Completion,
    Due,
    State,
    decided,
    differences,
    renewed,
    reward_source,
)
from game.tasks.records import Task, TaskKey
from tests.support.tasks import task

CAMPAIGN, ANN = "campaign0001", UUID(int=1)
CHAIN = {"a": task("a"), "b": task("b", prerequisites=("a",))}
REVIEWED = {"a": task("a", needs_review=True), "b": task("b", prerequisites=("a",))}


def key(task_id: str) -> TaskKey:
    """Ann's part in a task."""
    return TaskKey(CAMPAIGN, ANN, task_id)


def completion(task_id: str = "a", nth: int = 1, **fields: Any) -> Completion:
    """A completion that was rewarded."""
    made = Completion(
        key=key(task_id),
        nth=nth,
        completion_id=UUID(int=nth),
        generation=1,
        state="rewarded",
        has_place=True,
        reason=None,
        appeal=None,
    )
    return msgspec.structs.replace(made, **fields)


def lacking(
    earned: Mapping[str, int], *there: Completion, tasks: Mapping[str, Task] = CHAIN
) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """Which completions are due, and which are to go."""
    sums = {key(task_id): count for task_id, count in earned.items()}
    due, gone = differences(tasks, sums, there, campaign_id=CAMPAIGN, player_id=ANN)
    return [(each.key.task_id, each.nth) for each in due], [(each.key.task_id, each.nth) for each in gone]


@pytest.mark.parametrize(
    ("earned", "there", "due", "gone"),
    [
        ({}, [], [], []),
        ({"a": 2}, [], [("a", 1), ("a", 2)], []),
        ({"a": 2}, [completion(nth=1)], [("a", 2)], []),
        ({"a": 1}, [completion(nth=1), completion(nth=2)], [], [("a", 2)]),
        ({"a": 1}, [completion(state="withdrawn")], [("a", 1)], []),
        ({}, [completion(state="withdrawn")], [], []),
        ({"a": 31}, [completion(nth=nth) for nth in range(1, 31)], [], []),
        ({"b": 1}, [], [], []),
        ({"a": 1, "b": 1}, [], [("a", 1), ("b", 1)], []),
        ({"b": 1}, [completion("a"), completion("b")], [], [("a", 1), ("b", 1)]),
        ({"a": 1}, [completion(state="capped", has_place=False)], [], []),
        ({}, [completion(state="denied")], [], [("a", 1)]),
    ],
)
def test_differences(
    earned: dict[str, int],
    there: list[Completion],
    due: list[tuple[str, int]],
    gone: list[tuple[str, int]],
) -> None:
    """Only what differs: what is there stays, whatever was decided about it."""
    assert lacking(earned, *there) == (due, gone)


@pytest.mark.parametrize(
    ("state", "is_open"),
    [
        ("pending", False),
        ("rewarded", True),
        ("capped", True),
        ("rejected", False),
        ("appealed", False),
        ("denied", False),
    ],
)
def test_only_what_is_approved_opens_other_tasks(state: State, *, is_open: bool) -> None:
    """A completion without a place was approved like any other."""
    due, gone = lacking({"a": 1, "b": 1}, completion(state=state), tasks=REVIEWED)
    assert (due, gone) == ([("b", 1)] if is_open else [], [])


def test_what_was_approved_and_then_taken_back_opens_nothing() -> None:
    """Of two that were earned the second is gone, and it was the one that was approved."""
    there = [completion(nth=1, state="pending"), completion(nth=2), completion("b")]
    assert lacking({"a": 1, "b": 1}, *there, tasks=REVIEWED) == ([], [("a", 2), ("b", 1)])


def test_approvals_of_one_task_open_no_other_ones() -> None:
    """Each task is counted by its own."""
    tasks = REVIEWED | {"c": task("c", needs_review=True), "d": task("d", prerequisites=("c",))}
    there = [completion("a"), completion("c", state="pending")]
    assert lacking({"a": 1, "b": 1, "c": 1, "d": 1}, *there, tasks=tasks) == ([("b", 1)], [])


@given(
    earned=st.dictionaries(st.sampled_from("ab"), st.integers(0, 4)),
    before=st.dictionaries(st.sampled_from("ab"), st.integers(0, 4)),
)
def test_once_they_are_made_nothing_differs(earned: dict[str, int], before: dict[str, int]) -> None:
    """Whatever was held before: a second look finds nothing to do."""
    first, _ = lacking(before)
    there = {(name, nth): completion(name, nth) for name, nth in first}
    due, gone = lacking(earned, *there.values())
    for name, nth in due:
        there[name, nth] = completion(name, nth)
    for name, nth in gone:
        there[name, nth] = completion(name, nth, state="withdrawn")
    assert lacking(earned, *there.values()) == ([], [])


def test_a_completion_that_is_due_waits() -> None:
    """It is the first of its generations, and has no place yet."""
    made = renewed(Due(key=key("a"), nth=2, was=None), new_id=UUID(int=7))
    assert made == completion(nth=2, completion_id=UUID(int=7), state="pending", has_place=False)


@pytest.mark.parametrize("has_place", [True, False])
def test_one_that_was_withdrawn_comes_again(*, has_place: bool) -> None:
    """The same row with the place it had, a generation on; what was said of the last is forgotten."""
    was = completion(state="withdrawn", generation=3, has_place=has_place, reason="blurred", appeal="no")
    made = renewed(Due(key=key("a"), nth=1, was=was), new_id=UUID(int=7))
    assert made == completion(state="pending", generation=4, has_place=has_place)


@pytest.mark.parametrize(("has_place", "state"), [(True, "rewarded"), (False, "capped")])
def test_what_is_approved_is_rewarded_where_there_is_a_place(state: State, *, has_place: bool) -> None:
    """And else only counts."""
    done = decided(completion(state="pending", has_place=False), has_place=has_place)
    assert (done.state, done.has_place) == (state, has_place)


def test_each_generation_has_a_reward_of_its_own() -> None:
    """No two completions share a source."""
    sources = {
        reward_source(name, nth, generation): None
        for name in ("a", "a-1")
        for nth in (1, 11)
        for generation in (1, 2, 12)
    }
    assert list(sources)[:3] == ["task:a:1", "task:a:1.2", "task:a:1.12"]
    assert len(sources) == 12
    assert completion(generation=2).source == "task:a:1.2"
