"""One play with its operations: what is stored of it, what is in memory, in flight and in the ledger."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import msgspec

from game.plays.rules import FINISHED
from tests.model import decisions
from tests.model.decisions import Written
from tests.model.design import Design

PROCESSES: Final = "AB"


class Waits(NamedTuple):
    """Somebody waits for an answer; so many copies of the request are in flight."""

    verb: str
    operation: str
    copies: int


class Heard(NamedTuple):
    """An answer that is under way, or was read and not acted upon."""

    operation: str
    outcome: str


Slot = Waits | Heard | None


class Part(NamedTuple):
    """All that there is of a play.

    `slots` are the processes' drivers and, last, the outbox's sender; `strays` are requests nobody waits for;
    `records` is what the ledger has kept, `outbox` what is owed and what became of it, both by operation;
    `ends` is how often an end was written.
    """

    row: str
    slots: tuple[Slot, ...]
    strays: tuple[tuple[str, str], ...]
    records: tuple[tuple[str, str], ...]
    outbox: tuple[tuple[str, str], ...]
    draws: int
    ends: int


class View(NamedTuple):
    """What a play sees of the world; `fresh` is what the ledger makes of each operation when it is new."""

    fresh: tuple[tuple[str, str], ...]
    is_late: bool
    is_beacon_known: bool


def seen_by(part: Part, view: View) -> View:
    """What of the world makes a difference to the play as it stands; many views come down to few."""
    decided = {operation for operation, _ in part.records}
    return View(
        fresh=tuple(pair for pair in view.fresh if pair[0] not in decided),
        is_late=view.is_late and part.row in decisions.SWEPT,
        is_beacon_known=view.is_beacon_known and part.row not in FINISHED,
    )


class Turn(NamedTuple):
    """A step of one play; `applied` is the operation that the ledger applies with it, if any."""

    label: str
    part: Part
    applied: str | None
    heals: bool


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """How a play differs from the other, and how much of its faults the model has room for.

    `copies` bounds those that somebody waits for, `strays` those that nobody does, each by request.
    """

    name: str
    price_points: int
    prize_points: int
    has_beacon: bool
    processes: int
    copies: int
    strays: int


def unasked(kind: Kind) -> Part:
    """The play before anybody has asked for it."""
    return Part("absent", (None,) * (kind.processes + 1), (), (), (), draws=0, ends=0)


class Moves:
    """Every step of a play of one kind under one design."""

    def __init__(self, kind: Kind, design: Design) -> None:
        self.kind = kind
        self.design = design

    def of(self, part: Part, view: View) -> list[Turn]:
        """The steps out of a state."""
        if part.row == "absent":
            return list(self._asked(part))
        turns = [turn for place in range(len(part.slots)) for turn in self._of_slot(part, view, place)]
        return [*turns, *self._of_strays(part, view)]

    def _asked(self, part: Part) -> Iterator[Turn]:
        row = decisions.accepted()
        for place in range(self.kind.processes):
            sent = Waits("apply", self.design.debit_of(row), 1)
            after = _put(part._replace(row=row), place, sent)
            label = f"{self._who(place)} accepts it and sends its {sent.operation}"
            yield Turn(label, after, None, heals=False)

    def _of_slot(self, part: Part, view: View, place: int) -> Iterator[Turn]:
        match part.slots[place]:
            case None:
                yield from self._takes_up(part, view, place)
            case Waits() as waits:
                yield from self._in_flight(part, view, place, waits)
                gone = self._strand(_put(part, place, None), waits)
                yield Turn(f"{self._who(place)} crashes", gone, None, heals=False)
                told = self._acts(gone, view, place, Heard(waits.operation, "unknown"))
                label = f"{self._who(place)} gives up waiting{self._so(told, place)}"
                yield Turn(label, told, None, heals=not waits.copies)
            case Heard() as heard:
                yield from self._has_heard(_put(part, place, None), view, place, heard)

    def _takes_up(self, part: Part, view: View, place: int) -> Iterator[Turn]:
        if place == self.kind.processes:
            yield from self._sends_owed(part, place)
        elif part.row in decisions.SWEPT:
            yield from self._drives(part, view, place)

    def _sends_owed(self, part: Part, place: int) -> Iterator[Turn]:
        for operation, state in part.outbox:
            if state in decisions.OWED:
                after = _put(part, place, Waits("apply", operation, 1))
                yield Turn(f"the outbox sends {operation}", after, None, self.design.resends)

    def _drives(self, part: Part, view: View, place: int) -> Iterator[Turn]:
        first = self.design.first(part.row, is_late=view.is_late)
        if first != "settle":
            operation = self.design.debit_of(part.row)
            after = _put(part, place, Waits(first, operation, 1))
            label = f"{self._who(place)} takes it up and sends {first} {operation}"
            yield Turn(label, after, None, self.design.sweeps)
        elif (after := self._settled(part, view, funded=False)) != part:
            label = f"{self._who(place)} takes it up{self._so(after, place)}"
            yield Turn(label, after, None, self.design.sweeps)

    def _in_flight(self, part: Part, view: View, place: int, waits: Waits) -> Iterator[Turn]:
        what = f"{waits.verb} {waits.operation}"
        if waits.copies:
            fewer = waits._replace(copies=waits.copies - 1)
            outcome, after, applied = self._executed(part, view, waits.verb, waits.operation)
            heard = self._strand(_put(after, place, Heard(waits.operation, outcome)), fewer)
            label = f"the ledger: {what}: {outcome}; {self._who(place)} is answered"
            # "Not yet" takes nothing on: time has to pass on the ledger's clock.
            yield Turn(label, heard, applied, heals=outcome != "unknown")
            silent = _put(after, place, fewer)
            yield Turn(f"the ledger: {what}: {outcome}; the answer is lost", silent, applied, heals=False)
            yield Turn(f"{what} is lost", _put(part, place, fewer), None, heals=False)
        if waits.copies < self.kind.copies:
            more = _put(part, place, waits._replace(copies=waits.copies + 1))
            yield Turn(f"{what} is sent or doubled once more", more, None, heals=False)

    def _has_heard(self, idle: Part, view: View, place: int, heard: Heard) -> Iterator[Turn]:
        yield Turn(f"{self._who(place)} crashes with the answer in memory", idle, None, heals=False)
        after = self._acts(idle, view, place, heard)
        label = f"{self._who(place)} acts upon {heard.outcome}{self._so(after, place)}"
        yield Turn(label, after, None, heals=True)
        late = self._acts(idle, view, place, heard._replace(outcome="unknown"))
        label = f"{self._who(place)} gives up before the answer{self._so(late, place)}"
        yield Turn(label, late, None, heals=False)

    def _of_strays(self, part: Part, view: View) -> Iterator[Turn]:
        for number, request in enumerate(part.strays):
            verb, operation = request
            rest = part._replace(strays=part.strays[:number] + part.strays[number + 1 :])
            yield Turn(f"a late {verb} {operation} is lost", rest, None, heals=False)
            outcome, after, applied = self._executed(rest, view, verb, operation)
            label = f"the ledger: a late {verb} {operation}: {outcome}; nobody waits for it"
            yield Turn(label, after, applied, heals=True)
            if (more := self._strand(part, Waits(*request, 1))) != part:
                yield Turn(f"a late {verb} {operation} is doubled", more, None, heals=False)

    def _executed(self, part: Part, view: View, verb: str, operation: str) -> tuple[str, Part, str | None]:
        records = dict(part.records)
        recorded = records.get(operation)
        if recorded is not None:
            return self.design.again(recorded), part, None
        fresh = dict(view.fresh)[operation]
        outcome = fresh if verb == "apply" else self.design.unseen(verb, fresh)
        if self.design.keeps(verb, outcome):
            part = part._replace(records=_sorted({**records, operation: outcome}))
        return outcome, part, operation if outcome == "applied" else None

    def _acts(self, idle: Part, view: View, place: int, heard: Heard) -> Part:
        if place == self.kind.processes:
            return self._recorded(idle, heard)
        match self.design.then(heard.outcome):
            case "doubt":
                return idle._replace(row=self.design.doubted(idle.row))
            case "settle":
                return self._settled(idle, view, funded=True)
            case _:
                after = _written(idle, decisions.released(idle.row, self.design.taken_for(heard.outcome)))
                return self._owing(after, self.design.owed_on_release(idle.row, after.row))

    def _recorded(self, part: Part, heard: Heard) -> Part:
        owed = dict(part.outbox)
        if owed.get(heard.operation) in decisions.OWED:
            del owed[heard.operation]
            owed[self.design.resent_as(heard.operation, heard.outcome)] = self.design.recorded(heard.outcome)
        return part._replace(outbox=_sorted(owed))

    def _settled(self, part: Part, view: View, *, funded: bool) -> Part:
        written = self.design.settled(
            part.row, funded=funded, has_beacon=self.kind.has_beacon, is_beacon_known=view.is_beacon_known
        )
        has_won = written.draws > 0 and self.kind.prize_points > 0
        return self._owing(_written(part, written), "credit" if has_won else None)

    def _owing(self, part: Part, operation: str | None) -> Part:
        if operation is None or not self.design.owes(operation):
            return part
        return part._replace(outbox=_sorted({**dict(part.outbox), operation: "due"}))

    def _strand(self, part: Part, waits: Waits) -> Part:
        """The copies that were in flight, of which nobody will hear; those beyond the bound are lost."""
        request = (waits.verb, waits.operation)
        room = self.kind.strays - part.strays.count(request)
        strays = sorted([*part.strays, *[request] * min(waits.copies, room)])
        return part._replace(strays=tuple(strays))

    def _so(self, after: Part, place: int) -> str:
        return "" if place == self.kind.processes else f": the play is {after.row}"

    def _who(self, place: int) -> str:
        return "the outbox" if place == self.kind.processes else PROCESSES[place]


def _written(part: Part, written: Written) -> Part:
    row, draws, is_ended = written
    return part._replace(row=row, draws=part.draws + draws, ends=part.ends + is_ended)


def _put(part: Part, place: int, slot: Slot) -> Part:
    return part._replace(slots=(*part.slots[:place], slot, *part.slots[place + 1 :]))


def _sorted(items: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(items.items()))
