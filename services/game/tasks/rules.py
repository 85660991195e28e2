"""Which events count towards a task, how far a player has come, and what that earns: pure decisions.

What is held depends on the set of events alone, never on their order: progress is a sum per window, what is
earned is counted over all windows, and prerequisites hold back rewards, not progress. Only a cap over all
players is first come, first served; a counter's lock decides it.
"""

from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter
from typing import Annotated, Final, Literal

import msgspec

from game.tasks.windows import WeekStart, Window

Value = int | str | bool
FilterKind = Literal["is", "is_not", "at_least", "at_most"]
RewardKind = Literal["points", "chances", "voucher", "badge"]

FILTERS_MAX: Final = 10
VALUES_MAX: Final = 50
TASKS_MAX: Final = 1_000
PREREQUISITES_MAX: Final = 10
TARGET_MAX: Final = 1_000_000_000
TIMES_MAX: Final = 1_000
# An event of this worth earns all that a window can earn: cut to it, what is earned stays exact, and the sum
# of a player's events, up to nine million of them in a window, stays in 64 bits.
ADDS_MAX: Final = TARGET_MAX * TIMES_MAX

Attribute = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,31}$(?!\n)")]


class _Input(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An absent optional field is None."""


class Filter(_Input, frozen=True, kw_only=True):
    """What an attribute of the event must be: one of `values`, none of them, or a number within a bound."""

    attribute: Attribute
    kind: FilterKind
    values: Annotated[tuple[Value, ...], msgspec.Meta(min_length=1, max_length=VALUES_MAX)]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What happened, as far as tasks look at it."""

    type: str
    at_ms: int
    segments: frozenset[str]
    attributes: Mapping[str, Value]


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a task asks for. Nothing of it changes once it is published.

    An event adds 1, or the value of its attribute `sum_of`, at most ADDS_MAX. Every `target` of progress in a
    window earns one completion, up to `times_per_window` there, `times_per_player` in all. `segments`: only
    players in one of them, empty: everybody.
    """

    task_id: str
    event_type: str
    filters: tuple[Filter, ...]
    sum_of: str | None
    target: int
    window: Window
    week_starts: WeekStart
    times_per_window: int
    times_per_player: int
    prerequisites: tuple[str, ...]
    segments: frozenset[str]
    opens_ms: int
    closes_ms: int


def amount(terms: Terms, event: Event) -> int:
    """What an event adds to a task's progress, up to ADDS_MAX; 0: it does not count."""
    is_counted = (
        event.type == terms.event_type
        and terms.opens_ms <= event.at_ms < terms.closes_ms
        and (not terms.segments or bool(terms.segments & event.segments))
        and all(_passes(each, event.attributes.get(each.attribute)) for each in terms.filters)
    )
    if not is_counted:
        return 0
    return 1 if terms.sum_of is None else _number(event.attributes.get(terms.sum_of))


def _number(value: Value | None) -> int:
    return min(max(0, value), ADDS_MAX) if isinstance(value, int) and not isinstance(value, bool) else 0


def _passes(wanted: Filter, value: Value | None) -> bool:
    """An attribute that the event lacks passes nothing, `is_not` included: what is unknown earns nothing."""
    if value is None:
        return False
    match wanted.kind:
        case "is":
            return any(_same(value, each) for each in wanted.values)
        case "is_not":
            return not any(_same(value, each) for each in wanted.values)
        case _:
            return _within(wanted, value)


def _same(left: Value, right: Value) -> bool:
    return type(left) is type(right) and left == right  # 1 is not True


def _within(wanted: Filter, value: Value) -> bool:
    bound = wanted.values[0]
    if type(value) is not int or type(bound) is not int:
        return False
    return value >= bound if wanted.kind == "at_least" else value <= bound


def earned_in_window(terms: Terms, progress: int) -> int:
    """How many completions a window's progress is worth."""
    return min(max(0, progress) // terms.target, terms.times_per_window)


def held(tasks: Mapping[str, Terms], earned: Mapping[str, int]) -> dict[str, int]:
    """How many completions of each task a player holds, by what was earned in all of its windows.

    A task of which a prerequisite is not held is not held either, however far its progress has come.
    """
    counts: dict[str, int] = {}
    for task_id in in_order(tasks):
        terms = tasks[task_id]
        is_open = all(counts.get(each, 0) > 0 for each in terms.prerequisites)
        counts[task_id] = min(earned.get(task_id, 0), terms.times_per_player) if is_open else 0
    return counts


def in_order(tasks: Mapping[str, Terms]) -> Iterable[str]:
    """Each task after its prerequisites; raises `graphlib.CycleError` where they run in a circle."""
    graph = {task_id: terms.prerequisites for task_id, terms in sorted(tasks.items())}
    return [task_id for task_id in TopologicalSorter(graph).static_order() if task_id in tasks]


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """A progress bar: `progress` of `target` towards the next completion, of which there are `left` now."""

    progress: int
    target: int
    completed: int
    left: int


def bar(terms: Terms, *, progress: int, held_in_all: int) -> Bar:
    """How far a player is in a window. A window that is full shows a full bar."""
    done = earned_in_window(terms, progress)
    left = max(0, min(terms.times_per_window - done, terms.times_per_player - held_in_all))
    shown = min(progress - done * terms.target, terms.target) if left else terms.target
    return Bar(progress=shown, target=terms.target, completed=done, left=left)


def targets(
    tasks: Mapping[str, Terms], earned: Mapping[str, int], approved: Mapping[str, int]
) -> dict[str, int]:
    """How many completions of each task a player should have, where a person decides about some of them.

    `approved` counts what was approved of the tasks that need it. Only what is approved opens other tasks.
    """
    open_by = held(tasks, {**earned, **{name: min(earned.get(name, 0), n) for name, n in approved.items()}})
    return {
        name: min(earned.get(name, 0), terms.times_per_player)
        if all(open_by.get(each, 0) > 0 for each in terms.prerequisites)
        else 0
        for name, terms in tasks.items()
    }
