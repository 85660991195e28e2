"""The checker finds what is planted, by the shortest way, and nothing where there is nothing."""

from collections.abc import Mapping, Sequence

from tests.model.checker import Move, State, check

BAD, END = 9, 8


class Maze:
    """Rooms by number: of each, those that are reached by a fault and those that are reached by itself."""

    def __init__(self, faults: Mapping[int, Sequence[int]], healing: Mapping[int, Sequence[int]]) -> None:
        self.start: State = (0,)
        self._faults, self._healing = faults, healing

    def moves(self, state: State) -> list[Move]:
        """The doors of a room; each is labelled with the room behind it."""
        (room,) = state
        faults = [Move(after, (after,), heals=False) for after in self._faults.get(room, ())]
        return [*faults, *(Move(after, (after,), heals=True) for after in self._healing.get(room, ()))]

    def wrong(self, state: State) -> str | None:
        """One room is bad."""
        return "bad" if state == (BAD,) else None

    def is_end(self, state: State) -> bool:
        """One room is the way out."""
        return state == (END,)

    def tell(self, label: int) -> str:
        """A door, in words."""
        return f"to {label}"

    def show(self, state: State) -> str:
        """A room, in words."""
        return f"in {state[0]}"


def test_a_system_in_which_all_ways_lead_to_the_end() -> None:
    """Faults may go round in a circle; each state and step is counted once."""
    verdict = check(Maze(faults={1: [0]}, healing={0: [1, 2], 1: [END], 2: [END]}))
    assert (verdict.wrong, verdict.states, verdict.steps, verdict.trace) == (None, 4, 5, ())


def test_a_bad_state_is_found_by_the_shortest_way() -> None:
    """However many longer ways come first."""
    verdict = check(Maze(faults={2: [BAD], 4: [BAD]}, healing={0: [3, 2], 2: [END], 3: [4], 4: [END]}))
    assert (verdict.wrong, verdict.trace) == ("bad", ("to 2", "to 9", "now in 9"))
    assert str(verdict) == "bad\n  1. to 2\n  2. to 9\n  3. now in 9"


def test_a_state_that_only_a_fault_leads_out_of_is_stuck() -> None:
    """Nobody may rely on a fault to get on."""
    verdict = check(Maze(faults={0: [1], 1: [END]}, healing={0: [END]}))
    assert (verdict.wrong, verdict.trace) == ("stuck: nothing takes it on", ("to 1", "now in 1"))


def test_a_circle_without_a_fault_is_stuck() -> None:
    """Though a way out of it exists, nobody has to take it."""
    verdict = check(Maze(faults={0: [1]}, healing={0: [END], 1: [2], 2: [1, END]}))
    assert verdict.wrong == "stuck: the last 2 steps go round in a circle"
    assert verdict.trace == ("to 1", "to 2", "to 1", "now in 1")


def test_where_a_step_and_a_fault_lead_to_the_same_the_step_is_told() -> None:
    """A trace blames a fault only for what nothing else can do."""
    maze = Maze(faults={0: [BAD]}, healing={0: [BAD]})
    assert [move.heals for move in maze.moves((0,))] == [False, True]
    assert check(maze).trace == ("to 9", "now in 9")
