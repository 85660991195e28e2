"""The odds of completing a set, computed anew: draw by draw, over all states, with no code of the service."""

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction

import msgspec

State = tuple[frozenset[str], int]


class Hope(msgspec.Struct, frozen=True, kw_only=True):
    """What a collector lacks and has to spare, before draws that pay each badge with a weight out of all."""

    weights: Mapping[str, int]
    total: int
    badges: frozenset[str]
    missing: frozenset[str]
    spare: int


def completed(hope: Hope, *, draws: int, price: int | None) -> Fraction:
    """The chance that so many draws complete the set; with a price, where spare badges are exchanged."""
    ways = Counter[State]({(hope.missing, hope.spare): 1})
    for _ in range(draws):
        ways = _drawn(hope, ways)
    done = sum(
        count
        for (missing, spare), count in ways.items()
        if not missing or (price is not None and spare >= price * len(missing))
    )
    return Fraction(done, hope.total**draws)


def expected(hope: Hope, missing: frozenset[str]) -> Fraction | None:
    """How many draws it takes on average until nothing is missing; None: for ever."""
    if not missing:
        return Fraction(0)
    if not all(hope.weights.get(badge) for badge in missing):
        return None
    hits = sum(hope.weights[badge] for badge in missing)
    later = sum(hope.weights[badge] * (expected(hope, missing - {badge}) or Fraction(0)) for badge in missing)
    return (hope.total + later) / Fraction(hits)


def _drawn(hope: Hope, before: Counter[State]) -> Counter[State]:
    after = Counter[State]()
    for (missing, spare), count in before.items():
        for badge, weight in hope.weights.items():
            if badge in missing:
                after[missing - {badge}, spare] += count * weight
            elif badge in hope.badges:
                after[missing, spare + 1] += count * weight
        other = hope.total - sum(hope.weights[badge] for badge in hope.weights if badge in hope.badges)
        after[missing, spare] += count * other
    return after
