"""Visits every state of a system, breadth first: the first thing found wrong has a shortest way to it."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple, Protocol

import msgspec

STATES_MAX: Final = 2_000_000
State = tuple[int, ...]


class Move(NamedTuple):
    """One step; `heals` where it still happens, and must happen in the end, once nothing fails any more."""

    label: int
    state: State
    heals: bool


class System(Protocol):
    """What is checked. States are tuples of small numbers, since millions of them are kept."""

    start: State

    def moves(self, state: State) -> Sequence[Move]:
        """Every step out of the state."""

    def wrong(self, state: State) -> str | None:
        """What must never be so, and is; None in a good state."""

    def is_end(self, state: State) -> bool:
        """Whether the state is one to stop in."""

    def tell(self, label: int) -> str:
        """A step, in words."""

    def show(self, state: State) -> str:
        """A state, in words."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """How many states and steps there are. `wrong` is None when nothing is, else `trace` leads to it."""

    states: int
    steps: int
    wrong: str | None
    trace: tuple[str, ...]

    def __str__(self) -> str:
        lines = (f"{number:3}. {line}" for number, line in enumerate(self.trace, 1))
        return "\n".join([self.wrong or "nothing is wrong", *lines])


def check(system: System) -> Verdict:
    """Whether no state is wrong, and all ways lead from every state to an end once nothing fails any more.

    Then only steps that heal are taken, in any order. No way of them may go round in a circle, or stop where
    there is no end; so it takes no more than that whatever can happen does happen at some time.
    """
    came_from: dict[State, State | None] = {system.start: None}
    queue = deque([system.start])
    steps = 0
    while queue:
        state = queue.popleft()
        moves = system.moves(state)
        if found := _wrong(system, state, moves):
            return _verdict(system, came_from, steps, found, [state])
        for _, after, _ in moves:
            if after not in came_from:
                came_from[after] = state
                queue.append(after)
        steps += len(moves)
        assert len(came_from) <= STATES_MAX, "the system is too large to be visited"
    if circle := _circle(system, came_from):
        found = f"stuck: the last {len(circle) - 1} steps go round in a circle"
        return _verdict(system, came_from, steps, found, circle)
    return Verdict(states=len(came_from), steps=steps, wrong=None, trace=())


def _wrong(system: System, state: State, moves: Sequence[Move]) -> str | None:
    if found := system.wrong(state):
        return found
    if system.is_end(state) or any(move.heals for move in moves):
        return None
    return "stuck: nothing takes it on"


def _circle(system: System, states: Iterable[State]) -> list[State]:
    """States that healing steps lead through again and again; empty when there are none."""
    finished: set[State] = set()
    for start in states:
        if start not in finished and (circle := _circle_from(system, start, finished)):
            return circle
    return []


def _circle_from(system: System, start: State, finished: set[State]) -> list[State]:
    way: dict[State, Iterator[State]] = {start: _healing(system, start)}
    while way:
        state, ahead = next(reversed(way.items()))
        after = next((other for other in ahead if other not in finished), None)
        if after is None:
            finished.add(state)
            del way[state]
        elif after in way:
            passed = list(way)
            return [*passed[passed.index(after) :], after]
        else:
            way[after] = _healing(system, after)
    return []


def _healing(system: System, state: State) -> Iterator[State]:
    return (after for _, after, heals in system.moves(state) if heals)


def _verdict(
    system: System, came_from: dict[State, State | None], steps: int, wrong: str, last: Sequence[State]
) -> Verdict:
    way = [last[0]]
    while (before := came_from[way[-1]]) is not None:
        way.append(before)
    states = [*reversed(way), *last[1:]]
    told = [_step(system, before, after) for before, after in pairwise(states)]
    return Verdict(
        states=len(came_from), steps=steps, wrong=wrong, trace=(*told, f"now {system.show(states[-1])}")
    )


def _step(system: System, before: State, after: State) -> str:
    """What led from one state to the next; a fault only where nothing else does."""
    ways = [move for move in system.moves(before) if move.state == after]
    return system.tell(max(ways, key=lambda move: move.heals).label)
