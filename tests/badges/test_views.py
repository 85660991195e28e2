"""Odds as they are written on the wire."""

from fractions import Fraction

import pytest

from game.badges.odds import expected_draws
from game.badges.views import ExactView, exact


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (Fraction(1, 6), ExactView(fraction="1/6", decimal="0.166666666667")),
        (Fraction(), ExactView(fraction="0/1", decimal="0")),
        (Fraction(6), ExactView(fraction="6/1", decimal="6")),
        (Fraction(1, 10**20), ExactView(fraction=f"1/{10**20}", decimal="0.00000000000000000001")),
    ],
)
def test_a_number_is_written_in_both_ways(number: Fraction, shown: ExactView) -> None:
    """The decimals are rounded, and never in powers of ten."""
    assert exact(number) == shown


def test_a_fraction_that_is_too_long_is_left_out() -> None:
    """Twelve badges of weights like these have an average of more digits than Python writes."""
    weights = [1_000 + n**4 for n in range(2, 14)]
    expected = expected_draws(weights, weight=2 * sum(weights))
    assert expected is not None
    assert expected.denominator.bit_length() > 4_300 * 3.33
    shown = exact(expected)
    assert shown.fraction is None
    assert abs(Fraction(shown.decimal) - expected) * 10**11 <= expected
