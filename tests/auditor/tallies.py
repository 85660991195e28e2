"""Tallies of pools whose draws are made up, page by page."""

from typing import Any

import numpy as np

from game.auditor.pool_tally import PoolTally
from game.fair.entries import PoolEntry
from tests.fair.writer import TERMS, entry_of

OPENS_MS = TERMS["opens"]
ROWS = [
    {"id": "gold", "weight": 1, "stock": 500, "else": "nothing"},
    {"id": "mug", "weight": 9},
    {"id": "nothing", "weight": 90},
]
ODDS = (0.01, 0.09, 0.9)


def pool_entry(*, pool: str = "w", i: int = 0, rows: list[dict[str, Any]] | None = None) -> PoolEntry:
    """A wheel's entry."""
    rows = ROWS if rows is None else rows
    terms = {**TERMS, "v": 1, "k": "pool", "i": i, "commit": "ab" * 32, "game": "wheel", "seat_draws": 10}
    entry = entry_of({**terms, "pool": pool, "rows": rows, "weight": sum(row["weight"] for row in rows)})
    assert isinstance(entry, PoolEntry)
    return entry


def picks(seed: int, draws: int, odds: tuple[float, ...] = ODDS) -> np.ndarray:
    """Independent picks of rows."""
    return np.random.default_rng(seed).choice(len(odds), draws, p=odds)


def tally_of(
    picked: np.ndarray,
    *,
    entry: PoolEntry | None = None,
    untaken: np.ndarray | None = None,
    players: int = 100,
    page: int = 256,
) -> PoolTally:
    """A tally of these picks, all paid as picked, a second apart, by players in turn."""
    tally = PoolTally(entry or pool_entry(), lambda number: f"{number:032x}")
    numbers = np.arange(len(picked))
    for start in range(0, len(picked), page):
        part = slice(start, start + page)
        rows, number = picked[part], numbers[part]
        tally.add(
            t_ms=OPENS_MS + 1000 * number, player=number % players, n=number % 10 + 1, picked=rows, paid=rows
        )
    if untaken is not None:
        tally.add_untaken(
            n=np.arange(len(untaken)) % 2 + 1, first=np.arange(len(untaken)) % 2 == 0, picked=untaken
        )
    return tally
