"""Windows of tasks: days, weeks and months of the calendar."""

from datetime import date, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.tasks.windows import WHOLE, WeekStart, Window, window_end, window_start


@pytest.mark.parametrize(
    ("window", "week_starts", "day", "start", "end"),
    [
        ("day", "monday", "2026-11-23", "2026-11-23", "2026-11-24"),
        ("week", "monday", "2026-11-23", "2026-11-23", "2026-11-30"),
        ("week", "monday", "2026-11-29", "2026-11-23", "2026-11-30"),
        ("week", "sunday", "2026-11-23", "2026-11-22", "2026-11-29"),
        ("week", "sunday", "2026-11-29", "2026-11-29", "2026-12-06"),
        ("week", "saturday", "2026-11-27", "2026-11-21", "2026-11-28"),
        ("week", "monday", "2027-01-01", "2026-12-28", "2027-01-04"),
        ("month", "monday", "2028-02-29", "2028-02-01", "2028-03-01"),
        ("month", "monday", "2026-12-31", "2026-12-01", "2027-01-01"),
    ],
)
def test_windows_of_the_calendar(
    window: Window, week_starts: WeekStart, day: str, start: str, end: str
) -> None:
    """Week starts, a leap day, the turn of the year."""
    begun = window_start(window, date.fromisoformat(day), week_starts=week_starts)
    assert begun == date.fromisoformat(start)
    assert window_end(window, begun) == date.fromisoformat(end)


@pytest.mark.parametrize("window", ["once", "campaign"])
def test_the_whole_campaign_is_one_window(window: Window) -> None:
    """Any two days are in it, and it has no last one."""
    assert window_start(window, date(2026, 1, 1), week_starts="monday") == WHOLE
    assert window_start(window, date(2027, 1, 1), week_starts="monday") == WHOLE
    assert window_end(window, WHOLE) is None


@given(
    window=st.sampled_from(["day", "week", "month"]),
    week_starts=st.sampled_from(get_args(WeekStart)),
    day=st.dates(date(2020, 1, 1), date(2040, 1, 1)),
)
def test_windows_follow_one_another(window: Window, week_starts: WeekStart, day: date) -> None:
    """Each day is in exactly one: its window starts no later, and ends where the next one starts."""
    start = window_start(window, day, week_starts=week_starts)
    end = window_end(window, start)
    assert end is not None
    assert start <= day < end
    assert window_start(window, end, week_starts=week_starts) == end
    assert window_start(window, end - timedelta(days=1), week_starts=week_starts) == start
