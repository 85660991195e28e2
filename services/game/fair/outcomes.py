"""The outcomes of many draws at once (docs/fairdraw.md, section 6).

What a draw comes to depends on what was paid before it. Here each is held against what it says that it
paid, with what the draws before it say that they paid: where all agree, so do they with `spin` and
`scratch` one by one, and the first that does not agree is the first that is wrong.
"""

import msgspec
import numpy as np
from numpy.typing import NDArray

from game.fair.draw import fallback
from game.fair.entries import PoolEntry, wheel_rows
from game.fair.observing import Drawn
from game.fair.scaling import Integers, Words, pick_all, scale_all
from game.fair.standings import Earlier, exclusive_counts
from game.fair.state import LogState, PoolState

# Draws by rows that are looked at in one go.
MAX_CELLS = 2**19
_UNBOUNDED = 2**62


class Draws(msgspec.Struct, frozen=True, kw_only=True):
    """Draws in log order whose seats and chains are checked. `row` is what each says it paid, -1 for no row.

    `entry` and `pool` are indexes of entries, `player` is one of the pool's standings.
    """

    entry: Integers
    t_ms: Integers
    pool: Integers
    seat: Integers
    n: Integers
    player: Integers
    row: Integers
    words: Words

    def __len__(self) -> int:
        return len(self.entry)

    def where(self, which: Integers | slice) -> "Draws":
        """Some of them."""
        return Draws(**{name: getattr(self, name)[which] for name in self.__struct_fields__})


def settle(log: LogState, draws: Draws) -> int | None:
    """Count draws in their pools, up to the first that is wrong: its place among them, None for none."""
    widest = max((len(log.pools[pool].weights) for pool in np.unique(draws.pool).tolist()), default=1)
    step = max(1, MAX_CELLS // widest)
    for start in range(0, len(draws), step):
        wrong = _settle(log, draws.where(slice(start, start + step)))
        if wrong is not None:
            return start + wrong
    return None


def _settle(log: LogState, draws: Draws) -> int | None:
    wrong = len(draws)
    replayed = []
    for index in np.unique(draws.pool).tolist():
        pool, places = log.pools[index], np.flatnonzero(draws.pool == index)
        part = draws.where(places)
        differ = np.flatnonzero(_paid(pool, part) != part.row)
        wrong = min(wrong, *places[differ[:1]].tolist(), len(draws))
        replayed.append((pool, part))
    if wrong < len(draws):
        _settle(log, draws.where(slice(wrong)))
        return wrong
    for pool, part in replayed:
        _count(log, pool, part)
    return None


def _paid(pool: PoolState, draws: Draws) -> Integers:
    return _spun(pool, draws) if pool.entry.game == "wheel" else _scratched(pool, draws)


def _scratched(pool: PoolState, draws: Draws) -> Integers:
    """The row of each; the number of rows for a draw from an empty urn."""
    left = np.array(pool.left, dtype=np.int64)
    edges = np.cumsum(left - exclusive_counts(draws.row, len(left)), axis=1)
    r = scale_all(draws.words, edges[:, -1])
    rows: Integers = (edges <= r[:, None]).sum(axis=1)
    return rows


def _spun(pool: PoolState, draws: Draws) -> Integers:
    rows = pick_all(pool.weights, draws.words)
    terms = pool.entry.guarantee
    bounded = any(row.else_ is not None for row in wheel_rows(pool.entry))
    if terms is None and not bounded:
        return rows
    earlier = Earlier(pool.standings, draws.player, draws.row)
    if terms is not None:
        first = pick_all(pool.weights[: terms.rows], draws.words)
        rows = np.where(earlier.run(terms.rows) >= terms.draws - 1, first, rows)
    return _open(pool, draws, earlier, rows) if bounded else rows


def _open(pool: PoolState, draws: Draws, earlier: Earlier, rows: Integers) -> Integers:
    """The rows that are paid when it fell on these."""
    closed, fallbacks = _closed(pool, draws, earlier), _fallbacks(pool.entry)
    place = np.arange(len(rows))
    while (shut := closed[place, rows]).any():
        rows = np.where(shut, fallbacks[rows], rows)
    return rows


def _closed(pool: PoolState, draws: Draws, earlier: Earlier) -> NDArray[np.bool_]:
    table = wheel_rows(pool.entry)
    left = np.array([_UNBOUNDED if left is None else left for left in pool.left], dtype=np.int64)
    limit = np.array([row.limit or _UNBOUNDED for row in table], dtype=np.int64)
    opens = np.array([row.from_ or 0 for row in table], dtype=np.int64)
    closed: NDArray[np.bool_] = exclusive_counts(draws.row, len(table)) == left
    closed |= earlier.paid() >= limit
    closed |= earlier.draws()[:, None] + 1 < opens
    return closed


def _fallbacks(entry: PoolEntry) -> Integers:
    rows = wheel_rows(entry)
    return np.array([at if row.else_ is None else fallback(rows, at) for at, row in enumerate(rows)])


def _count(log: LogState, pool: PoolState, draws: Draws) -> None:
    width = len(pool.weights)
    picked = pick_all(pool.weights, draws.words)
    paid = np.bincount(draws.row, minlength=width).tolist()
    pool.left = [None if left is None else left - used for left, used in zip(pool.left, paid, strict=True)]
    pool.draws += len(draws)
    pool.statistics.add("drawn", picked)
    ordinals = Earlier(pool.standings, draws.player, draws.row).draws() + 1
    pool.standings.pay(draws.player, draws.row, ordinals)
    if log.observer is not None:
        log.observer.drawn(_shown(pool, draws, picked))


def _shown(pool: PoolState, draws: Draws, picked: Integers) -> Drawn:
    return Drawn(
        pool=pool,
        t_ms=draws.t_ms,
        seat=draws.seat,
        n=draws.n,
        picked=picked,
        paid=draws.row,
        tag=draws.player,
    )
