"""The wheel and scratch draws of the vectors' log, spun again with all that there is to see of each."""

from functools import cache
from typing import Any, NamedTuple

from game.fair.draw import Standing, draw_value, first_stock, scratch, spin
from game.fair.entries import PoolEntry, SeatEntry, decode, leaf_hash
from game.fair.seats import seat_entropy
from tests.fair import vectors


class Replayed(NamedTuple):
    row: str
    picked: str
    weight: int
    r: int
    ordinal: int | None
    guaranteed: bool
    closed: tuple[tuple[str, tuple[str, ...]], ...]
    continued: frozenset[str]


class Playing:
    """A pool while it is replayed: its stock, and each player's standing with and without what was before."""

    def __init__(self, entry: PoolEntry, standings: dict[str, Standing]) -> None:
        self.entry, self.standings = entry, standings
        self.anew: dict[str, Standing] = {}
        self.left = first_stock(entry)

    def draw(self, tag: str, x: int) -> Replayed:
        replayed, row = self.spun(tag, x) if self.entry.game == "wheel" else self.scratched(x)
        self.standings[tag] = self.standing(tag).after(row)
        self.anew[tag] = self.anew.get(tag, self.fresh()).after(row)
        left = self.left[row]
        self.left[row] = None if left is None else left - 1
        return replayed

    def fresh(self) -> Standing:
        return Standing.fresh(len(self.left))

    def standing(self, tag: str) -> Standing:
        return self.standings.get(tag, self.fresh())

    def spun(self, tag: str, x: int) -> tuple[Replayed, int]:
        ids = [row.id for row in self.entry.rows]
        standing = self.standing(tag)
        outcome = spin(self.entry, self.left, standing, x)
        variants = started_anew(standing, self.anew.get(tag, self.fresh()))
        others = {name: spin(self.entry, self.left, variant, x).row for name, variant in variants.items()}
        replayed = Replayed(
            row=ids[outcome.row],
            picked=ids[outcome.picked],
            weight=outcome.weight,
            r=outcome.r,
            ordinal=standing.draws + 1,
            guaranteed=outcome.guaranteed,
            closed=tuple((ids[row], reasons) for row, reasons in outcome.closed),
            continued=frozenset(name for name, row in others.items() if row != outcome.row),
        )
        return replayed, outcome.row

    def scratched(self, x: int) -> tuple[Replayed, int]:
        ticket = scratch([count for count in self.left if count is not None], x)
        row = self.entry.rows[ticket.row].id
        return Replayed(row, row, ticket.tickets, ticket.r, None, False, (), frozenset()), ticket.row


def started_anew(standing: Standing, anew: Standing) -> dict[str, Standing]:
    """The standing as it would be, had one of its counts started anew at the replacement."""
    before = standing.draws - anew.draws
    return {
        "from": Standing(anew.draws, standing.paid, tuple(last - before for last in standing.last)),
        "limit": Standing(standing.draws, anew.paid, standing.last),
        "guarantee": Standing(standing.draws, standing.paid, tuple(last + before for last in anew.last)),
    }


@cache
def replayed() -> dict[int, Replayed]:
    """Every draw of the log by the index of its entry."""
    pools: dict[int, Playing] = {}
    draws: dict[int, Replayed] = {}
    for fields in vectors.ENTRIES:
        if fields["k"] == "pool":
            entry = decode(vectors.LINES[fields["i"]])
            assert isinstance(entry, PoolEntry)
            continued = pools[entry.replaces].standings if entry.replaces is not None else {}
            pools[entry.i] = Playing(entry, dict(continued))
        if fields["k"] == "draw":
            seat = vectors.ENTRIES[fields["seat"]]
            draws[fields["i"]] = pools[seat["pool"]].draw(seat["tag"], x_of(fields))
    return draws


def x_of(draw: dict[str, Any]) -> int:
    """X of a draw of the vectors' log."""
    line = vectors.LINES[draw["seat"]]
    seat = decode(line)
    assert isinstance(seat, SeatEntry)
    signature = None if seat.round is None else vectors.SIGNATURES[seat.round]
    return draw_value(bytes.fromhex(draw["a"]), seat_entropy(seat, leaf_hash(line), signature), draw["n"])
