"""Which scores are stored for the boards of a campaign."""

import pytest

from game.scores.rules import Wanted, progress_of, streak_of


@pytest.mark.parametrize(
    ("ranked", "metric", "is_kept"),
    [
        ({"draws"}, "draws", True),
        ({"draws"}, "points", False),
        ({progress_of("buy")}, progress_of("buy"), True),
        ({progress_of("buy")}, progress_of("share"), False),
        ({"tasks"}, progress_of("share"), True),
        ({streak_of("daily")}, streak_of("daily"), True),
        ({streak_of("daily"), "tasks"}, streak_of("weekly"), False),
        (set(), progress_of("share"), False),
    ],
)
def test_what_is_kept(ranked: set[str], metric: str, *, is_kept: bool) -> None:
    """What boards rank by; progress of any task where one ranks by tasks."""
    assert Wanted(ranked=frozenset(ranked)).keeps(metric) == is_kept
