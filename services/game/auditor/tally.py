"""Counts along while a log is replayed: what the statistics of a report are made of."""

from game.auditor.pool_tally import PoolTally
from game.auditor.statistics import Statistics
from game.auditor.testing import statistics_of
from game.fair.observing import Drawn, Untaken
from game.fair.state import PoolState


class Tally:
    """An observer of one replay. Memory: bounded for each pool, and a few bytes for each of its players."""

    def __init__(self) -> None:
        self._pools: dict[int, PoolTally] = {}

    def drawn(self, page: Drawn) -> None:
        """Draws that were taken."""
        self._of(page.pool).add(t_ms=page.t_ms, player=page.tag, n=page.n, picked=page.picked, paid=page.paid)

    def untaken(self, page: Untaken) -> None:
        """Draws that nobody took."""
        self._of(page.pool).add_untaken(n=page.n, first=page.first, picked=page.picked)

    def statistics(self) -> Statistics:
        """Every test of what was counted so far."""
        return statistics_of(list(self._pools.values()))

    def _of(self, pool: PoolState) -> PoolTally:
        index = pool.entry.i
        if index not in self._pools:
            self._pools[index] = PoolTally(pool.entry, pool.standings.tags.__getitem__)
        return self._pools[index]
