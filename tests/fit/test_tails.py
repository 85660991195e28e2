"""Tails of the hypergeometric distribution."""

import pytest
from scipy import stats

from game.fit.tails import at_least, at_most


@pytest.mark.parametrize(
    ("total", "marked", "drawn"), [(8, 4, 4), (10, 0, 3), (10, 10, 3), (100, 30, 20), (5_000, 300, 200)]
)
def test_the_tails_are_scipys(total: int, marked: int, drawn: int) -> None:
    """Both tails, at every count that there can be and beside it."""
    for count in range(max(0, drawn + marked - total), min(marked, drawn) + 1):
        place = {"total": total, "marked": marked, "drawn": drawn}
        law = stats.hypergeom(total, marked, drawn)
        assert at_least(count, **place) == pytest.approx(law.sf(count - 1), rel=1e-8)
        assert at_most(count, **place) == pytest.approx(law.cdf(count), rel=1e-8)
    assert at_least(min(marked, drawn) + 1, total=total, marked=marked, drawn=drawn) == 0


def test_nothing_in_nothing_is_certain() -> None:
    """Of no draws none is what one expects."""
    assert at_least(0, total=0, marked=0, drawn=0) == 1


def test_counts_of_any_size_are_quick() -> None:
    """Ten million: the sum has a bounded number of terms, and the middle is about one half."""
    assert at_least(500_000, total=10**7, marked=10**6, drawn=5 * 10**6) == pytest.approx(0.5, abs=0.01)
    assert at_least(510_000, total=10**7, marked=10**6, drawn=5 * 10**6) < 1e-90
