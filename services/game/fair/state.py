"""What a replay remembers of a log: its open pools, their seats and players. Entries are not kept."""

from collections import deque

import msgspec

from game.fair.draw import Standing, first_stock, table_weights
from game.fair.entries import PoolEntry, SeatEntry


class PoolState(msgspec.Struct):
    """One pool under replay.

    `weights` are the table's weights or counts; the statistics count, per row, what X picks from them.
    """

    entry: PoolEntry
    hash: bytes
    weights: list[int]
    left: list[int | None]
    standings: dict[str, Standing]
    statistics: "PickCounts"
    draws: int = 0
    closed: bool = False
    replaced_by: int | None = None
    live_tags: set[str] = msgspec.field(default_factory=set)
    seats: "list[SeatState]" = msgspec.field(default_factory=list)
    undrawn_sealed: deque[int] = msgspec.field(default_factory=deque)

    @classmethod
    def of(cls, entry: PoolEntry, pool_hash: bytes, standings: dict[str, Standing]) -> "PoolState":
        """The pool as it starts, with the standings of the pool that it continues."""
        counts = PickCounts.none(len(entry.rows))
        return cls(entry, pool_hash, table_weights(entry), first_stock(entry), standings, counts)

    def standing(self, tag: str) -> Standing:
        """Where the player of this tag stands."""
        return self.standings.get(tag) or Standing.fresh(len(self.entry.rows))

    def tickets_left(self) -> list[int]:
        """What is left of each row of an urn."""
        return [count or 0 for count in self.left]


class PickCounts(msgspec.Struct):
    """How often X picks each row: in draws taken, in each seat's next draw, in the later ones."""

    drawn: list[int]
    next: list[int]
    later: list[int]

    @classmethod
    def none(cls, rows: int) -> "PickCounts":
        """No draw yet, in a table of so many rows."""
        return cls([0] * rows, [0] * rows, [0] * rows)


class SeatState(msgspec.Struct):
    """One seat under replay. `revealed` is the last known value of its chain, at first the anchor."""

    entry: SeatEntry
    leaf_hash: bytes
    pool: PoolState
    revealed: bytes
    taken: int = 0
    entropy: bytes | None = None


class LogState(msgspec.Struct):
    """A log under replay. Pools and seats are found by the index of their entry, beacons by round."""

    size: int = 0
    t: int = 0
    pools: dict[int, PoolState] = msgspec.field(default_factory=dict)
    pool_ids: set[str] = msgspec.field(default_factory=set)
    commits: set[str] = msgspec.field(default_factory=set)
    anchors: set[str] = msgspec.field(default_factory=set)
    seats: dict[int, SeatState] = msgspec.field(default_factory=dict)
    signatures: dict[int, bytes] = msgspec.field(default_factory=dict)
    warnings: list[str] = msgspec.field(default_factory=list)
