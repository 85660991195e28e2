"""Whether the rows that X picks have the published odds (docs/fairdraw.md, section 7).

Looks at the row that X picks from the whole table, whatever stock, limits and guarantee made of it:
those rows are independent.
"""

import math
from collections.abc import Iterator

from game.fair.state import PoolState

# The chance that a row of an honest pool is warned about is below this.
MAX_FALSE_ALARM = 1e-6


def deviations(pool: PoolState) -> Iterator[str]:
    """A warning for each row that X picks far too often or too seldom."""
    total = sum(pool.weights)
    counts = pool.statistics
    for group, picked in (("drawn", counts.drawn), ("next", counts.next), ("later", counts.later)):
        draws = sum(picked)
        for row, count, weight in zip(pool.entry.rows, picked, pool.weights, strict=True):
            if draws > 0 and chance_bound(count, draws, weight / total) < MAX_FALSE_ALARM:
                odds = f"{weight}/{total}"
                yield f"pool {pool.entry.pool}: row {row.id} is {count} of {draws} {group} draws at {odds}"


def chance_bound(count: int, draws: int, odds: float) -> float:
    """An upper bound on the chance of a count at least this far from `draws * odds`, on its side.

    Chernoff's bound: exp(-draws * D), D the relative entropy of count/draws and the odds.
    """
    share = count / draws
    distance = _entropy_term(share, odds) + _entropy_term(1 - share, 1 - odds)
    return math.exp(-draws * distance)


def _entropy_term(share: float, odds: float) -> float:
    if share == 0:
        return 0.0
    return share * math.log(share / odds) if odds > 0 else math.inf
