"""Which events count, and what they earn."""

import random
from graphlib import CycleError
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.tasks.rules import (
    ADDS_MAX,
    TARGET_MAX,
    TIMES_MAX,
    Bar,
    Event,
    Filter,
    Terms,
    amount,
    bar,
    earned_in_window,
    held,
    in_order,
    targets,
)

TERMS = Terms(
    task_id="review",
    event_type="review",
    filters=(),
    sum_of=None,
    target=3,
    window="week",
    week_starts="monday",
    times_per_window=1,
    times_per_player=10,
    prerequisites=(),
    segments=frozenset(),
    opens_ms=1_000,
    closes_ms=2_000,
)
EVENT = Event(
    type="review",
    at_ms=1_500,
    segments=frozenset({"gold"}),
    attributes={"length": 80, "photos": 2, "item": "tea", "verified": True},
)


def task(**fields: Any) -> Terms:
    """The task with some terms of its own."""
    return msgspec.structs.replace(TERMS, **fields)


def wants(attribute: str, kind: Any, *values: Any) -> Terms:
    """The task with a filter."""
    return task(filters=(Filter(attribute=attribute, kind=kind, values=values),))


@pytest.mark.parametrize(
    ("terms", "adds"),
    [
        (task(), 1),
        (task(event_type="share"), 0),
        (task(opens_ms=1_500), 1),
        (task(opens_ms=1_501), 0),
        (task(closes_ms=1_501), 1),
        (task(closes_ms=1_500), 0),
        (task(segments=frozenset({"gold", "silver"})), 1),
        (task(segments=frozenset({"silver"})), 0),
        (task(sum_of="photos"), 2),
        (task(sum_of="item"), 0),
        (task(sum_of="verified"), 0),
        (task(sum_of="absent"), 0),
        (wants("item", "is", "milk", "tea"), 1),
        (wants("item", "is", "milk"), 0),
        (wants("item", "is_not", "milk"), 1),
        (wants("item", "is_not", "tea"), 0),
        (wants("item", "is_not", "milk", "tea"), 0),
        (wants("absent", "is_not", "tea"), 0),
        (wants("length", "at_least", 80), 1),
        (wants("length", "at_least", 81), 0),
        (wants("length", "at_most", 80), 1),
        (wants("length", "at_most", 79), 0),
        (wants("item", "at_least", 0), 0),
        (wants("verified", "at_least", 0), 0),
        (wants("verified", "is", True), 1),
        (wants("verified", "is", 1), 0),
        (wants("photos", "is", 2), 1),
    ],
)
def test_what_an_event_adds(terms: Terms, adds: int) -> None:
    """Type, time, segment and every filter must fit; what is unknown or of another kind never does."""
    assert amount(terms, EVENT) == adds


def test_a_negative_amount_adds_nothing() -> None:
    """Progress is taken back by reversals alone."""
    event = msgspec.structs.replace(EVENT, attributes={"photos": -5})
    assert amount(task(sum_of="photos"), event) == 0


@given(
    amounts=st.lists(st.integers(0, 2**53), min_size=1, max_size=5),
    target=st.integers(1, TARGET_MAX),
    times=st.integers(1, TIMES_MAX),
)
def test_what_is_cut_off_earns_nothing(amounts: list[int], target: int, times: int) -> None:
    """An event adds no more than the dearest window is worth, and what all earn is as if it did."""
    terms = task(sum_of="photos", target=target, times_per_window=times)
    adds = [amount(terms, msgspec.structs.replace(EVENT, attributes={"photos": each})) for each in amounts]
    assert max(adds) <= ADDS_MAX
    assert earned_in_window(terms, sum(adds)) == earned_in_window(terms, sum(amounts))


@pytest.mark.parametrize(
    ("progress", "times", "earned"), [(0, 5, 0), (2, 5, 0), (3, 5, 1), (8, 5, 2), (30, 5, 5), (-1, 5, 0)]
)
def test_every_target_earns_one(progress: int, times: int, earned: int) -> None:
    """Up to the window's limit."""
    assert earned_in_window(task(times_per_window=times), progress) == earned


def test_a_prerequisite_holds_back_what_was_earned() -> None:
    """All that was earned before is held at once when the way is free, along the whole chain."""
    tasks = {
        "c": task(task_id="c", prerequisites=("b",)),
        "b": task(task_id="b", prerequisites=("a",)),
        "a": task(task_id="a"),
    }
    assert held(tasks, {"b": 2, "c": 4}) == {"a": 0, "b": 0, "c": 0}
    assert held(tasks, {"a": 1, "b": 2, "c": 4}) == {"a": 1, "b": 2, "c": 4}
    assert held(tasks, {"a": 1, "c": 4}) == {"a": 1, "b": 0, "c": 0}


def test_a_player_holds_no_more_than_the_limit() -> None:
    """Over all windows."""
    assert held({"a": task(task_id="a", times_per_player=4)}, {"a": 9}) == {"a": 4}


@pytest.mark.parametrize(
    ("approved", "wanted"),
    [
        ({}, {"a": 4, "b": 2, "c": 1}),
        ({"a": 0}, {"a": 4, "b": 0, "c": 0}),
        ({"a": 1}, {"a": 4, "b": 2, "c": 1}),
        ({"a": 9, "b": 0}, {"a": 4, "b": 2, "c": 0}),
    ],
)
def test_what_awaits_approval_is_wanted_and_opens_nothing(
    approved: dict[str, int], wanted: dict[str, int]
) -> None:
    """Whoever decides has something to decide about; the tasks behind it wait."""
    tasks = {
        "a": task(task_id="a", times_per_player=4),
        "b": task(task_id="b", prerequisites=("a",)),
        "c": task(task_id="c", prerequisites=("a", "b")),
    }
    assert targets(tasks, {"a": 9, "b": 2, "c": 1}, approved) == wanted


def test_prerequisites_in_a_circle_are_found() -> None:
    """Neither could ever be held."""
    tasks = {"a": task(task_id="a", prerequisites=("b",)), "b": task(task_id="b", prerequisites=("a",))}
    with pytest.raises(CycleError):
        in_order(tasks)


@pytest.mark.parametrize(
    ("progress", "held_in_all", "shown"),
    [
        (0, 0, Bar(progress=0, target=3, completed=0, left=2)),
        (4, 1, Bar(progress=1, target=3, completed=1, left=1)),
        (7, 2, Bar(progress=3, target=3, completed=2, left=0)),
        (1, 10, Bar(progress=3, target=3, completed=0, left=0)),
    ],
)
def test_the_bar(progress: int, held_in_all: int, shown: Bar) -> None:
    """It begins anew with each completion, and is full when nothing more can be had."""
    assert bar(task(times_per_window=2), progress=progress, held_in_all=held_in_all) == shown


@given(
    steps=st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 2), st.integers(-2, 4)), max_size=30),
    seed=st.integers(0, 2**32),
)
def test_the_order_of_events_is_of_no_account(steps: list[tuple[str, int, int]], seed: int) -> None:
    """Progress told in any order, in any portions, ends in the same completions."""
    tasks = {
        "a": task(task_id="a", target=2),
        "b": task(task_id="b", prerequisites=("a",), times_per_window=2),
        "c": task(task_id="c", prerequisites=("a", "b"), times_per_player=1),
    }
    shuffled = random.Random(seed).sample(steps, len(steps))
    assert held(tasks, _earned(tasks, steps)) == held(tasks, _earned(tasks, shuffled))


def _earned(tasks: dict[str, Terms], steps: list[tuple[str, int, int]]) -> dict[str, int]:
    """Told one after another, with what is earned kept up to date by the differences alone."""
    progress: dict[tuple[str, int], int] = {}
    earned: dict[str, int] = {}
    for task_id, window, added in steps:
        before = progress.get((task_id, window), 0)
        progress[task_id, window] = before + added
        terms = tasks[task_id]
        difference = earned_in_window(terms, before + added) - earned_in_window(terms, before)
        earned[task_id] = earned.get(task_id, 0) + difference
    return earned
