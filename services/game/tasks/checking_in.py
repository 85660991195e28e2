"""Days that become checked by events, and days that are checked no more."""

from collections import Counter
from collections.abc import Mapping, Sequence

from game.db.connection import Connection
from game.tasks import streak_store as store
from game.tasks.streak_records import Mark, StreakKey
from game.tasks.streak_store import DayKey


async def check_in(conn: Connection, marks: Sequence[Mark]) -> set[StreakKey]:
    """Add what has not counted before to its days; the streaks of which another day is checked now."""
    sums = _sums(await store.add_marks(conn, marks))
    now = await store.add_days(conn, sums)
    return {key for (key, day), events in now.items() if events == sums[key, day]}


async def uncheck(conn: Connection, gone: Sequence[Mark]) -> set[StreakKey]:
    """Take what does not count any more from its days; the streaks of which a day is checked no more."""
    left = await store.take_days(conn, _sums(gone))
    return {key for (key, _), events in left.items() if not events}


def _sums(marks: Sequence[Mark]) -> Mapping[DayKey, int]:
    return Counter((mark.key, mark.day) for mark in marks)
