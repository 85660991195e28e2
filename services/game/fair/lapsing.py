"""The draws that nobody took, counted at the close of their pool (docs/fairdraw.md, section 7)."""

from collections.abc import Sequence

import numpy as np

from game.fair.draw import draw_digest
from game.fair.observing import Observer, Untaken
from game.fair.scaling import pick_all, words_of
from game.fair.state import PoolState, SeatState

PAGE_DRAWS = 4096


class Lapsing:
    """Gathers the untaken draws of one pool and counts them page by page, so that memory stays bounded."""

    def __init__(self, pool: PoolState, observer: Observer | None) -> None:
        self._pool = pool
        self._observer = observer
        self._found: list[tuple[int, int, bool, bytes]] = []

    def add(self, seat: SeatState, values: Sequence[bytes], entropy: bytes) -> None:
        """A seat whose chain, from the last value that was revealed on, is `values`."""
        self._pool.abandoned += seat.taken == 0
        for step, value in enumerate(values[1:], start=1):
            n = seat.taken + step
            self._found.append((seat.entry.i, n, step == 1, draw_digest(value, entropy, n)))
        if len(self._found) >= PAGE_DRAWS:
            self.count()

    def count(self) -> None:
        """Count what was gathered; of a pool that never had a ticket nothing can be picked."""
        if self._found and sum(self._pool.weights) > 0:
            self._count()
        self._found = []

    def _count(self) -> None:
        seats, numbers, firsts, digests = zip(*self._found, strict=True)
        picked, first = pick_all(self._pool.weights, words_of(digests)), np.array(firsts)
        self._pool.statistics.add("next", picked[first])
        self._pool.statistics.add("later", picked[~first])
        if self._observer is not None:
            seat, n = np.array(seats), np.array(numbers)
            self._observer.untaken(Untaken(pool=self._pool, seat=seat, n=n, first=first, picked=picked))
