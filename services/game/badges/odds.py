"""The odds of completing a set of badges: exact, as fractions of integers. Pure.

The coupon collector's problem with unequal coupons. Among the badges that are missing, inclusion and
exclusion over all subsets needs their weights only, so subsets of one weight are counted together by a
dynamic programme. Source: P. Flajolet, D. Gardy, L. Thimonier, "Birthday paradox, coupon collectors,
caching algorithms and self-organizing search", Discrete Applied Mathematics 39, 1992.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from math import comb
from operator import mul
from typing import Final

BADGES_MAX: Final = 24
DRAWS_MAX: Final = 200


def on_wheel(missing: Sequence[int], *, weight: int, draws: int) -> Fraction:
    """The chance that so many draws bring each missing badge; their weights, and the weight of the table."""
    return _completed(missing, lambda lost: Fraction(weight - lost, weight) ** draws)


def in_urn(missing: Sequence[int], *, tickets: int, draws: int) -> Fraction:
    """The chance that so many tickets out of the urn bring each missing badge; how many tickets have each."""
    all_ways = comb(tickets, draws)
    return (
        _completed(missing, lambda lost: Fraction(comb(tickets - lost, draws), all_ways))
        if all_ways
        else Fraction()
    )


def expected_draws(missing: Sequence[int], *, weight: int) -> Fraction | None:
    """How many draws of a wheel it takes on average until no badge is missing; None: it never ends."""
    if not all(missing):
        return None
    return sum(
        (-count * Fraction(weight, lost) for lost, count in _signed(missing).items() if lost), Fraction()
    )


def with_exchange(
    missing: Sequence[int], held: int, *, weight: int, draws: int, duplicates: int, price: int
) -> Fraction:
    """The chance on a wheel where `price` duplicates buy a missing badge of choice.

    `held` is the weight of the set's badges that the player has, `duplicates` how many are spare now.
    """
    assert draws <= DRAWS_MAX
    other = weight - held - sum(missing)
    ways = 0
    for found, by_hits in enumerate(_hits(missing, held, draws=draws)):
        for hits, count in enumerate(by_hits):
            if found + (duplicates + hits - found) // price >= len(missing):
                ways += count * comb(draws, hits) * other ** (draws - hits)
    return Fraction(ways, weight**draws)


def _completed(missing: Sequence[int], untouched: Callable[[int], Fraction]) -> Fraction:
    """Inclusion and exclusion; `untouched`: the chance that nothing of a weight is drawn."""
    return sum((count * untouched(lost) for lost, count in _signed(missing).items()), Fraction())


def _signed(missing: Sequence[int]) -> Counter[int]:
    """For each weight: how many subsets of the missing badges have it, even ones less odd ones."""
    assert len(missing) <= BADGES_MAX
    signed = Counter({0: 1})
    for weight in missing:
        more = Counter(signed)
        for lost, count in signed.items():
            more[lost + weight] -= count
        signed = more
    return signed


def _hits(missing: Sequence[int], held: int, *, draws: int) -> list[list[int]]:
    """How many weighted sequences find so many missing badges, by how many draws paid a badge of the set."""
    ways = [[held**hits for hits in range(draws + 1)]]
    for weight in missing:
        ways.append([0] * (draws + 1))
        once = _once(weight, draws=draws)
        for found in range(len(ways) - 1, 0, -1):
            ways[found] = _found(ways[found], ways[found - 1], once)
    return ways


def _found(has: Sequence[int], lacks: Sequence[int], once: Sequence[Sequence[int]]) -> list[int]:
    """The sequences that have one badge more: it is put into those that lack it, once or more often."""
    return [count + sum(map(mul, reversed(lacks[:hits]), once[hits])) for hits, count in enumerate(has)]


def _once(weight: int, *, draws: int) -> list[list[int]]:
    """For each number of hits in which ways 1, 2 … of them are of a badge of this weight."""
    powers = [weight**extra for extra in range(1, draws + 1)]
    return [
        [comb(hits, extra) * power for extra, power in enumerate(powers[:hits], start=1)]
        for hits in range(draws + 1)
    ]
