"""The window in which an event counts towards a task: a day, week or month, or the whole campaign. Pure."""

from datetime import date, timedelta
from typing import Literal, assert_never

Window = Literal["once", "day", "week", "month", "campaign"]
WeekStart = Literal["monday", "saturday", "sunday"]

# ISO weekdays of the first day of the week.
_STARTS: dict[WeekStart, int] = {"monday": 1, "saturday": 6, "sunday": 7}
WHOLE = date.min


def window_start(window: Window, day: date, *, week_starts: WeekStart) -> date:
    """The first day of the window that a local day is in; `WHOLE` where the window has no days.

    Two events are in one window exactly if this is the same for both.
    """
    match window:
        case "day":
            return day
        case "week":
            return day - timedelta(days=(day.isoweekday() - _STARTS[week_starts]) % 7)
        case "month":
            return day.replace(day=1)
        case "once" | "campaign":
            return WHOLE
        case _:
            assert_never(window)


def window_end(window: Window, start: date) -> date | None:
    """The first day after the window that starts on a day; None: it ends with the campaign."""
    match window:
        case "day":
            return start + timedelta(days=1)
        case "week":
            return start + timedelta(days=7)
        case "month":
            return (start + timedelta(days=31)).replace(day=1)
        case "once" | "campaign":
            return None
        case _:
            assert_never(window)
