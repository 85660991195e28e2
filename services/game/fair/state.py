"""What a replay remembers of a log: its open pools, their seats and players. Entries are not kept."""

from collections import deque
from typing import Literal

import msgspec
import numpy as np

from game.fair.draw import first_stock, table_weights
from game.fair.entries import PoolEntry, SeatEntry
from game.fair.observing import Observer
from game.fair.scaling import Integers
from game.fair.standings import Standings


class PoolState(msgspec.Struct):
    """One pool under replay.

    `weights` are the table's weights or counts; the statistics count, per row, what X picks from them.
    `seats` are those with draws left, by the index of their entry; of each used up one `used` has 8 bytes of
    that index, 16 of its id, and the last value of its chain. `seated` counts all, `abandoned` those that a
    close found without a draw.
    """

    entry: PoolEntry
    hash: bytes
    weights: list[int]
    left: list[int | None]
    standings: Standings
    statistics: "PickCounts"
    draws: int = 0
    closed: bool = False
    replaced_by: int | None = None
    live_tags: set[str] = msgspec.field(default_factory=set)
    seats: "dict[int, SeatState]" = msgspec.field(default_factory=dict)
    used: bytearray = msgspec.field(default_factory=bytearray)
    seated: int = 0
    abandoned: int = 0
    undrawn_sealed: deque[int] = msgspec.field(default_factory=deque)

    @classmethod
    def of(cls, entry: PoolEntry, pool_hash: bytes, standings: Standings | None) -> "PoolState":
        """The pool as it starts, with the standings of the pool that it continues, if any."""
        counts = PickCounts.none(len(entry.rows))
        standings = standings or Standings(len(entry.rows))
        return cls(entry, pool_hash, table_weights(entry), first_stock(entry), standings, counts)

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

    def add(self, group: Literal["drawn", "next", "later"], picked: Integers) -> None:
        """Count the rows that were picked."""
        counts = getattr(self, group)
        added = np.bincount(picked, minlength=len(counts)).tolist()
        setattr(self, group, [count + more for count, more in zip(counts, added, strict=True)])


class SeatState(msgspec.Struct):
    """One seat under replay. `revealed` is the last known value of its chain, at first the anchor.

    `player` is the index of its tag in the pool's standings.
    """

    entry: SeatEntry
    leaf_hash: bytes
    pool: PoolState
    revealed: bytes
    player: int
    taken: int = 0
    entropy: bytes | None = None


class LogState(msgspec.Struct):
    """A log under replay. Pools and seats are found by the index of their entry, beacons by round."""

    size: int = 0
    t: int = 0
    pools: dict[int, PoolState] = msgspec.field(default_factory=dict)
    pool_ids: set[str] = msgspec.field(default_factory=set)
    commits: set[str] = msgspec.field(default_factory=set)
    anchors: set[bytes] = msgspec.field(default_factory=set)
    seats: dict[int, SeatState] = msgspec.field(default_factory=dict)
    signatures: dict[int, bytes] = msgspec.field(default_factory=dict)
    warnings: list[str] = msgspec.field(default_factory=list)
    observer: Observer | None = None
