"""Draws over time in bounded memory: buckets of equal width in draws, which doubles as a log grows.

The width is in draws, not in time, because how many draws an hour has may depend on what they won.
"""

import numpy as np

from game.fit.fits import Counts

MAX_BUCKETS = 256


class Buckets:
    """How often each row was picked and paid in successive stretches of one pool's draws."""

    def __init__(self, rows: int) -> None:
        self.width_draws = 1
        self.draws = 0
        self.picked = np.zeros((0, rows), np.int64)
        self.paid = np.zeros((0, rows), np.int64)
        self.ends_ms = np.zeros(0, np.int64)

    def add(self, t_ms: Counts, picked: Counts, paid: Counts) -> None:
        """The next draws, in the order of the log."""
        while self.draws + len(t_ms) > MAX_BUCKETS * self.width_draws:
            self._double()
        at = (self.draws + np.arange(len(t_ms))) // self.width_draws
        self._grow(int(at[-1]) + 1)
        self.ends_ms[at] = t_ms
        for counts, rows in ((self.picked, picked), (self.paid, paid)):
            _add(counts, at, rows)
        self.draws += len(t_ms)

    def _double(self) -> None:
        self._grow(len(self.ends_ms) + len(self.ends_ms) % 2)
        self.picked, self.paid = (
            counts.reshape(-1, 2, counts.shape[1]).sum(axis=1) for counts in (self.picked, self.paid)
        )
        self.ends_ms = self.ends_ms.reshape(-1, 2).max(axis=1)
        self.width_draws *= 2

    def _grow(self, buckets: int) -> None:
        missing = max(0, buckets - len(self.ends_ms))
        self.picked, self.paid = (np.pad(each, ((0, missing), (0, 0))) for each in (self.picked, self.paid))
        self.ends_ms = np.pad(self.ends_ms, (0, missing))


def _add(counts: Counts, at: Counts, rows: Counts) -> None:
    """Count rows in the buckets that they fall in, which are neighbours."""
    first, width = int(at[0]), counts.shape[1]
    cells = np.bincount((at - first) * width + rows, minlength=(int(at[-1]) - first + 1) * width)
    counts[first : int(at[-1]) + 1] += cells.reshape(-1, width)
