"""What can be counted on a board. Pure."""

from typing import Final, Literal

import msgspec

Metric = Literal["draws", "points", "tasks", "progress", "badges", "sets", "streak"]

DRAWS: Final = "draws"
POINTS: Final = "points"
TASKS: Final = "tasks"
BADGES: Final = "badges"
SETS: Final = "sets"
SCORE_MAX: Final = 2**53 - 1
# What draws bring about: it is read from the log, so that draws need not tell.
OF_DRAWS: Final = frozenset({DRAWS, POINTS, BADGES})


def progress_of(task_id: str) -> str:
    """The metric of the progress of one task."""
    return f"progress:{task_id}"


def streak_of(streak_id: str) -> str:
    """The metric of the longest run of one streak."""
    return f"streak:{streak_id}"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """The metrics that boards of a campaign rank by."""

    ranked: frozenset[str]

    def keeps(self, metric: str) -> bool:
        """Whether scores of a metric are stored: when a task was completed follows from its progress."""
        return metric in self.ranked or (metric.startswith("progress:") and TASKS in self.ranked)
