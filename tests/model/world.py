"""Two plays of one player, the ledger's balances and the two clocks, put together from the steps of each."""

from collections.abc import Hashable, Iterator, Sequence
from typing import Final, Generic, NamedTuple, TypeVar

from tests.model.checker import Move, State
from tests.model.decisions import ACCOUNT, BUDGET, HOUSE
from tests.model.design import Design
from tests.model.judging import is_at_end, wrong_with
from tests.model.play import Kind, Moves, Part, View, seen_by, unasked

START_POINTS: Final = 20
TOP_UP_POINTS: Final = 10
TOP_UPS: Final = 1
BUDGET_POINTS: Final = 20

T = TypeVar("T", bound=Hashable)


class Shared(NamedTuple):
    """What both plays stand on. `lowest` is the least that a guarded account ever had after a leg, or 0."""

    points: int
    budget: int
    house: int
    lowest: int
    top_ups_left: int
    is_late_here: bool
    is_late_there: bool
    is_beacon_known: bool


START: Final = Shared(START_POINTS, BUDGET_POINTS, 0, 0, TOP_UPS, False, False, False)


class Numbered(Generic[T]):
    """Values by a small number each."""

    def __init__(self) -> None:
        self.values: list[T] = []
        self._numbers: dict[T, int] = {}

    def of(self, value: T) -> int:
        """The number of a value, the next one if it is new."""
        number = self._numbers.setdefault(value, len(self.values))
        if number == len(self.values):
            self.values.append(value)
        return number


class LocalMove(NamedTuple):
    """A step of one play: the operation that it applies, if any, changes what is shared."""

    label: int
    part: int
    applied: str | None
    heals: bool


class World:
    """A state is the number of what is shared, then the number of each play's part."""

    def __init__(self, kinds: Sequence[Kind], design: Design) -> None:
        self.kinds = kinds
        self._design = design
        self._moves = [Moves(kind, design) for kind in kinds]
        self._operations = [
            design.operations(
                has_beacon=kind.has_beacon, price_points=kind.price_points, prize_points=kind.prize_points
            )
            for kind in kinds
        ]
        self._labels = Numbered[str]()
        self._shared = Numbered[Shared]()
        self._parts = [Numbered[Part]() for _ in kinds]
        self._views = Numbered[View]()
        self._seen: list[dict[int, tuple[int, dict[str, int]]]] = [{} for _ in kinds]
        self._local: list[dict[tuple[int, int], list[LocalMove]]] = [{} for _ in kinds]
        self._outside: dict[int, list[tuple[int, int, bool]]] = {}
        self._wrong: list[list[str | None]] = [[] for _ in kinds]
        self._ends: list[list[bool]] = [[] for _ in kinds]
        parts = (self._number(place, unasked(kind)) for place, kind in enumerate(kinds))
        start = START._replace(is_beacon_known=not any(kind.has_beacon for kind in kinds))
        self.start: State = (self._shared.of(start), *parts)

    def moves(self, state: State) -> list[Move]:
        """Every step of time, of the player and of each play."""
        shared = state[0]
        moves: list[Move] = []
        for place, part in enumerate(state[1:]):
            view, applying = self._view(place, shared)
            head, tail = state[1 : place + 1], state[place + 2 :]
            for label, after, applied, heals in self._of_part(place, part, view):
                then = shared if applied is None else applying[applied]
                moves.append(Move(label, (then, *head, after, *tail), heals))
        moves += (Move(label, (after, *state[1:]), heals) for label, after, heals in self._around(shared))
        return moves

    def wrong(self, state: State) -> str | None:
        """What must never be so of the ledger or of a play."""
        for place, part in enumerate(state[1:]):
            if found := self._wrong[place][part]:
                return found
        return wrong_with_ledger(self._shared.values[state[0]])

    def is_end(self, state: State) -> bool:
        """Whether both plays have come to their end."""
        return all(self._ends[place][part] for place, part in enumerate(state[1:]))

    def tell(self, label: int) -> str:
        """A step, in words."""
        return self._labels.values[label]

    def show(self, state: State) -> str:
        """A state, in words."""
        shared = self._shared.values[state[0]]
        plays = (
            f"{kind.name} is {part.row}, the ledger has {dict(part.records)}"
            for kind, part in zip(self.kinds, self._of_state(state), strict=True)
        )
        return f"{'; '.join(plays)}; {shared.points} points, {shared.house} in the house"

    def parts(self) -> Iterator[Part]:
        """Every state that any of the plays has come to."""
        return (part for numbered in self._parts for part in numbered.values)

    def _of_state(self, state: State) -> Iterator[Part]:
        return (self._parts[place].values[part] for place, part in enumerate(state[1:]))

    def _number(self, place: int, part: Part) -> int:
        number = self._parts[place].of(part)
        if number == len(self._wrong[place]):
            kind = self.kinds[place]
            found = wrong_with(part)
            self._wrong[place].append(found and f"{kind.name}: {found}")
            self._ends[place].append(is_at_end(part, has_prize=kind.prize_points > 0))
        return number

    def _of_part(self, place: int, part: int, view: int) -> list[LocalMove]:
        known = self._local[place].get((part, view))
        if known is None:
            seen = self._views.of(seen_by(self._parts[place].values[part], self._views.values[view]))
            if (part, seen) not in self._local[place]:
                self._local[place][part, seen] = list(self._turns(place, part, seen))
            known = self._local[place][part, view] = self._local[place][part, seen]
        return known

    def _turns(self, place: int, part: int, view: int) -> Iterator[LocalMove]:
        name = self.kinds[place].name
        for turn in self._moves[place].of(self._parts[place].values[part], self._views.values[view]):
            label = self._labels.of(f"{name}: {turn.label}")
            yield LocalMove(label, self._number(place, turn.part), turn.applied, turn.heals)

    def _view(self, place: int, shared: int) -> tuple[int, dict[str, int]]:
        """What a play sees, and what becomes of what is shared when an operation of its is applied."""
        known = self._seen[place].get(shared)
        if known is None:
            known = self._seen[place][shared] = self._looked(place, self._shared.values[shared])
        return known

    def _looked(self, place: int, shared: Shared) -> tuple[int, dict[str, int]]:
        balances = {ACCOUNT: shared.points, BUDGET: shared.budget, HOUSE: shared.house}
        operations = self._operations[place]
        now_ms = operations["debit"].apply_before - (not shared.is_late_there)
        fresh = {
            name: self._design.fresh(operation, balances=balances, now_ms=now_ms)
            for name, operation in operations.items()
        }
        outcomes = tuple((name, decision.outcome) for name, decision in fresh.items())
        view = self._views.of(View(outcomes, shared.is_late_here, shared.is_beacon_known))
        applying = {
            name: shared._replace(
                points=decision.balances[ACCOUNT],
                budget=decision.balances[BUDGET],
                house=decision.balances[HOUSE],
                lowest=min(shared.lowest, decision.lowest),
            )
            for name, decision in fresh.items()
            if decision.outcome == "applied"
        }
        return view, {name: self._shared.of(after) for name, after in applying.items()}

    def _around(self, shared: int) -> list[tuple[int, int, bool]]:
        known = self._outside.get(shared)
        if known is None:
            steps = _outside(self._shared.values[shared])
            known = self._outside[shared] = [
                (self._labels.of(label), self._shared.of(after), heals) for label, after, heals in steps
            ]
        return known


def _outside(shared: Shared) -> Iterator[tuple[str, Shared, bool]]:
    """What happens around the plays. Time passes by itself; nobody has to top up."""
    if shared.top_ups_left:
        topped_up = shared._replace(
            points=shared.points + TOP_UP_POINTS, top_ups_left=shared.top_ups_left - 1
        )
        yield f"the player gets {TOP_UP_POINTS} points", topped_up, False
    if not shared.is_late_here:
        yield "apply_before passes by the service's clock", shared._replace(is_late_here=True), True
    if not shared.is_late_there:
        yield "apply_before passes by the ledger's clock", shared._replace(is_late_there=True), True
    if not shared.is_beacon_known:
        yield "the beacon's value is logged", shared._replace(is_beacon_known=True), True


def wrong_with_ledger(shared: Shared) -> str | None:
    """What must never be so of the balances."""
    if min(shared.points, shared.budget, shared.lowest) < 0:
        return "an account fell below zero"
    given = START_POINTS + BUDGET_POINTS + (TOP_UPS - shared.top_ups_left) * TOP_UP_POINTS
    if shared.points + shared.budget + shared.house != given:
        return "points came from nowhere, or went there"
    return None
