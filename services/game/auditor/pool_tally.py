"""What is counted of one pool during a replay."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from game.auditor.buckets import Buckets
from game.auditor.sequence import Order, Players
from game.fair.draw import table_weights
from game.fair.entries import PoolEntry
from game.fit.fits import Counts


class PoolTally:
    """The picks of one pool: over time, in their order, by player, and those that nobody took.

    `tag` names a player by number. What nobody took, and which seats were never used, the close shows.
    """

    def __init__(self, entry: PoolEntry, tag: Callable[[int], str]) -> None:
        self.entry = entry
        self.tag = tag
        self.weights = table_weights(entry)
        rows = len(self.weights)
        self.buckets = Buckets(rows)
        self.order = Order(self.weights)
        self.players = Players(rows)
        self.seats_begun = 0
        self.seats_used_up = 0
        self.seats_abandoned = 0
        self.next = np.zeros(rows, np.int64)
        self.later = np.zeros(rows, np.int64)

    @property
    def drawn(self) -> Counts:
        """How often each row was picked in draws taken."""
        return np.asarray(self.buckets.picked.sum(axis=0), np.int64)

    def add(self, *, t_ms: Counts, player: Counts, n: Counts, picked: Counts, paid: Counts) -> None:
        """Draws taken, at least one, in the order of the log; `n` is each one's number in its seat."""
        self.seats_begun += int(np.count_nonzero(n == 1))
        self.seats_used_up += int(np.count_nonzero(n == self.entry.seat_draws))
        self.buckets.add(t_ms, picked, paid)
        self.order.add(picked)
        self.players.add(player, picked)

    def add_untaken(self, *, n: Counts, first: npt.NDArray[np.bool_], picked: Counts) -> None:
        """Draws that the close has shown; `n` is each one's number in its seat, `first` its next one."""
        self.seats_abandoned += int(np.count_nonzero(n == 1))
        self.next += np.bincount(picked[first], minlength=len(self.next))
        self.later += np.bincount(picked[~first], minlength=len(self.later))
