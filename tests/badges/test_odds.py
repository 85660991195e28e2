"""The odds of completing a set, against enumeration and known results."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from game.badges.odds import (
    BADGES_MAX,
    DRAWS_MAX,
    expected_draws,
    in_urn,
    on_wheel,
    with_exchange,
)

OTHER = -1


def enumerated(table: Sequence[int], draws: int, is_complete: Callable[[Sequence[int]], bool]) -> Fraction:
    """The chance by looking at every sequence of draws; the table: one badge a unit of weight."""
    hits = sum(is_complete(drawn) for drawn in product(table, repeat=draws))
    return Fraction(hits, len(table) ** draws)


def table_of(weights: Sequence[int], other: int) -> list[int]:
    """Each unit of weight with the number of its badge."""
    return [badge for badge, weight in enumerate(weights) for _ in range(weight)] + [OTHER] * other


@pytest.mark.parametrize("weights", [[1], [1, 1], [2, 1], [1, 1, 1], [3, 2, 1]])
@pytest.mark.parametrize("draws", [0, 1, 2, 3, 4])
def test_a_wheel_against_every_sequence(weights: list[int], draws: int) -> None:
    """The fraction is that of all sequences of draws, exactly."""
    table = table_of(weights, other=1)
    wanted = enumerated(table, draws, lambda drawn: set(range(len(weights))) <= set(drawn))
    assert on_wheel(weights, weight=len(table), draws=draws) == wanted


@pytest.mark.parametrize("counts", [[1], [2, 1], [1, 1, 2]])
@pytest.mark.parametrize("draws", [0, 1, 3, 5])
def test_an_urn_against_every_hand(counts: list[int], draws: int) -> None:
    """Tickets do not come back."""
    table = table_of(counts, other=2)
    hands = list(combinations(table, draws))
    wanted = Fraction(sum(set(range(len(counts))) <= set(hand) for hand in hands), len(hands) or 1)
    assert in_urn(counts, tickets=len(table), draws=draws) == wanted


def test_an_empty_urn_pays_nothing() -> None:
    """More draws than tickets cannot be made."""
    assert in_urn([1], tickets=2, draws=3) == 0


@pytest.mark.parametrize("badges", [1, 2, 5, 12])
def test_equal_badges_take_the_harmonic_number(badges: int) -> None:
    """As many times the n-th harmonic number."""
    harmonic = sum(Fraction(1, k) for k in range(1, badges + 1))
    assert expected_draws([1] * badges, weight=badges) == badges * harmonic


def test_a_badge_that_nobody_draws_is_never_found() -> None:
    """No chance, and no end."""
    assert on_wheel([1, 0], weight=2, draws=100) == 0
    assert expected_draws([1, 0], weight=2) is None


def test_nothing_missing_is_certain() -> None:
    """Without a draw."""
    assert on_wheel([], weight=5, draws=0) == 1
    assert expected_draws([], weight=5) == 0


@pytest.mark.parametrize(
    ("weights", "held", "duplicates", "price", "draws"),
    [
        ([1], 1, 0, 2, 3),
        ([1, 1], 2, 1, 2, 3),
        ([2, 1], 1, 0, 3, 4),
        ([1, 1, 1], 0, 0, 2, 4),
        ([1, 2], 1, 4, 2, 1),
    ],
)
def test_exchanges_against_every_sequence(
    weights: list[int], held: int, duplicates: int, price: int, draws: int
) -> None:
    """Spare badges buy missing ones: the fraction is that of all sequences, exactly."""
    table = [*table_of(weights, other=1), *[len(weights)] * held]

    def is_complete(drawn: Sequence[int]) -> bool:
        found = len(set(drawn) & set(range(len(weights))))
        spare = duplicates + sum(badge != OTHER for badge in drawn) - found
        return found + spare // price >= len(weights)

    odds = with_exchange(weights, held, weight=len(table), draws=draws, duplicates=duplicates, price=price)
    assert odds == enumerated(table, draws, is_complete)


def test_the_most_that_is_reckoned() -> None:
    """As many badges and draws as there may be."""
    assert on_wheel([1] * BADGES_MAX, weight=BADGES_MAX, draws=BADGES_MAX - 1) == 0
    certain = with_exchange([1], 0, weight=1, draws=DRAWS_MAX, duplicates=0, price=2)
    assert certain == 1


@settings(max_examples=40)
@given(weights=st.lists(st.integers(1, 9), min_size=1, max_size=5), draws=st.integers(0, 25))
def test_more_draws_and_exchanges_only_help(weights: list[int], draws: int) -> None:
    """The chance lies between 0 and 1, grows with the draws, and an exchange never lowers it."""
    weight = sum(weights) + 7
    odds = on_wheel(weights, weight=weight, draws=draws)
    assert 0 <= odds <= on_wheel(weights, weight=weight, draws=draws + 1) <= 1
    assert odds <= with_exchange(weights, 0, weight=weight, draws=draws, duplicates=0, price=2) <= 1
    assert odds == with_exchange(weights, 0, weight=weight, draws=draws, duplicates=0, price=draws + 1)
