"""Streaks: freezes that are earned and used by themselves, repairs, milestones, the calendar."""

from collections.abc import Iterable
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.tasks.days import Zone, changed, exists, start_of
from game.tasks.streaks import Streak, StreakPolicy, at_risk, milestones_reached, next_day, streak

FIRST = date(2026, 11, 1)
POLICY = StreakPolicy(freeze_every=3, freezes_held=2, repair_points=50, repair_days=2)


def told(
    checked: Iterable[int], today: int, *, repaired: Iterable[int] = (), lost: Iterable[int] = ()
) -> Streak:
    """The streak on a day, all days by their number; `lost` never existed for the player."""
    gone = set(lost)
    return streak(
        POLICY,
        checked={day_of(n) for n in checked},
        repaired={day_of(n) for n in repaired},
        today=day_of(today),
        exists=lambda day: (day - FIRST).days not in gone,
    )


def day_of(number: int) -> date:
    """A day by its number."""
    return FIRST + timedelta(days=number)


def states(told_: Streak) -> str:
    """One letter a day."""
    return "".join(day.state[0] for day in told_.days)


def test_nothing_is_no_streak() -> None:
    """Today is open, and that is all."""
    assert (told([], 0).current, told([], 0).begun, states(told([], 0))) == (0, None, "o")


def test_today_does_not_break_it() -> None:
    """A streak lives on while today is not over."""
    assert (told([0, 1], 2).current, states(told([0, 1], 2))) == (2, "cco")


def test_a_missed_day_ends_it() -> None:
    """Without a freeze the run begins anew; the longest is remembered."""
    now = told([0, 1, 3], 3)
    assert (now.current, now.longest, now.begun, states(now)) == (1, 2, day_of(3), "ccmc")


def test_a_freeze_is_earned_and_used() -> None:
    """Three days earn one; it takes the place of the missed fourth, which is not counted."""
    now = told([0, 1, 2, 4], 4)
    assert (now.current, now.freezes, states(now)) == (4, 0, "cccfc")


def test_freezes_are_held_up_to_a_limit() -> None:
    """Twelve days earn four, two are kept: the third missed day ends the run."""
    now = told(range(12), 15)
    assert (now.freezes, now.current, states(now)[12:]) == (0, 0, "ffmo")


def test_a_freeze_is_not_spent_on_nothing() -> None:
    """Where no run is under way there is nothing to keep."""
    now = told([*range(6), 12], 12)
    assert states(now) == "ccccccffmmmmc"


def test_the_last_missed_day_can_be_repaired_for_a_while() -> None:
    """On the second day after it still, on the third no more; the days before and after are joined."""
    assert told([0, 1, 3], 4).repairable == day_of(2)
    assert told([0, 1, 3, 4, 5], 5).repairable is None
    assert told([0, 1, 3], 4, repaired=[2]).current == 4


def test_a_day_that_never_was_breaks_nothing() -> None:
    """Who flies over the date line has missed no day."""
    now = told([0, 1, 3], 3, lost=[2])
    assert (now.current, states(now)) == (3, "ccc")


@pytest.mark.parametrize(
    ("zone", "days"),
    [
        ("America/New_York", ("2026-03-07", "2026-03-08", "2026-03-09")),  # a day of 23 hours
        ("America/New_York", ("2026-10-31", "2026-11-01", "2026-11-02")),  # and one of 25
        ("Africa/Cairo", ("2026-04-23", "2026-04-24", "2026-04-25")),  # without a midnight
        ("Asia/Shanghai", ("2028-02-28", "2028-02-29", "2028-03-01")),
        ("Asia/Shanghai", ("2027-02-27", "2027-02-28", "2027-03-01")),
        ("Pacific/Apia", ("2011-12-28", "2011-12-29", "2011-12-31")),  # Samoa went over the date line
    ],
)
def test_days_in_a_row_are_those_of_the_calendar(zone: str, days: tuple[str, ...]) -> None:
    """Summer time in both directions, a leap day, and a day that never was."""
    checked = [date.fromisoformat(day) for day in days]
    now = streak(
        POLICY,
        checked=checked,
        repaired=(),
        today=checked[-1],
        exists=lambda day: exists([Zone(0, zone)], day),
    )
    assert (now.current, now.begun) == (3, checked[0])


@pytest.mark.parametrize(
    ("goes", "run"), [("Pacific/Kiritimati", 3), ("Europe/London", 2), ("Etc/GMT+12", 2)]
)
def test_a_flight_over_the_date_line_breaks_nothing(goes: str, run: int) -> None:
    """From the westernmost zone the day after is skipped by one flight alone; in others it is missed."""
    west = [Zone(0, "Etc/GMT+12")]
    noon_ms = start_of(day_of(1), "Etc/GMT+12") + 12 * 3_600_000
    zones = changed(west, goes, now_ms=noon_ms)
    now = streak(
        POLICY,
        checked=[day_of(0), day_of(1), day_of(3)],
        repaired=(),
        today=day_of(3),
        exists=lambda day: exists(zones, day),
    )
    assert now.longest == run


def test_milestones_are_those_of_the_longest_run() -> None:
    """Each that was reached, whatever came after."""
    assert milestones_reached(told([0, 1, 2, 3, 9], 9), [3, 4, 7]) == [3, 4]


def test_a_run_breaks_on_the_first_day_that_no_freeze_covers() -> None:
    """Days that never were are passed over; of a single day nothing is said."""

    def risked(*checked: int, lost: tuple[int, ...] = ()) -> date | None:
        last = max(checked)
        return at_risk(
            told(checked, last, lost=lost),
            last=day_of(last),
            exists=lambda day: (day - FIRST).days not in lost,
        )

    assert risked(0) is None
    assert risked(0, 1) == day_of(2)
    assert risked(0, 1, 2) == day_of(4)  # a freeze was earned
    assert risked(*range(6)) == day_of(8)
    assert risked(0, 1, lost=(2,)) == day_of(3)
    assert next_day(day_of(1), lambda _: True) == day_of(2)


@given(checked=st.sets(st.integers(0, 60)), repaired=st.sets(st.integers(0, 60)), today=st.integers(0, 60))
def test_more_days_never_make_it_shorter(checked: set[int], repaired: set[int], today: int) -> None:
    """One more check-in, however late it is told, never shortens the longest run."""
    checked = {n for n in checked if n <= today} | {0}
    repaired = {n for n in repaired if n <= today}
    before = told(checked, today, repaired=repaired)
    for late in range(today + 1):
        after = told(checked | {late}, today, repaired=repaired)
        assert after.longest >= before.longest
        assert after.current >= before.current
    assert before.current <= before.longest <= len(before.days)
