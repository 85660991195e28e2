"""What a streak must be, said once more and simply: one day after the other, counters and no sets of days."""

from collections.abc import Collection, Mapping
from datetime import date, timedelta

import msgspec


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of a walk over the days: the run, the longest one, the freezes."""

    run: int
    longest: int
    freezes: int


def walk(
    policy: Mapping[str, int], *, checked: Collection[date], repaired: Collection[date], until: date
) -> Told:
    """Go from the first checked day on, in a calendar that skips no day."""
    run = longest = freezes = 0
    day = min(checked, default=until)
    while day <= until:
        if day in checked or day in repaired:
            run += 1
            longest = max(longest, run)
            if run % policy["freeze_every"] == 0 and freezes < policy["freezes_held"]:
                freezes += 1
        elif day < until:
            if run and freezes:
                freezes -= 1
            else:
                run = 0
        day += timedelta(days=1)
    return Told(run=run, longest=longest, freezes=freezes)
