"""A board as its manager writes it. The same structs are read from the wire and from the database."""

from typing import Annotated, Final

import msgspec

from game.boards.seasons import Period
from game.campaigns.drafts import NameDraft
from game.scores.rules import Metric, progress_of
from game.wire import Slug

GRACE_HOURS_MAX: Final = 720


class _Input(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An absent optional field is None."""


class BoardDraft(_Input, frozen=True, kw_only=True):
    """What a board counts, and its seasons.

    `metric`: draws made, points won in draws, tasks completed, progress of one `task`, different badges
    collected, or sets redeemed. A season that is over is final `grace_hours` later: what comes until then
    counts.
    """

    name: NameDraft
    metric: Metric
    task: Slug | None = None
    seasons: Period
    grace_hours: Annotated[int, msgspec.Meta(ge=1, le=GRACE_HOURS_MAX)]

    @property
    def counts(self) -> str:
        """The metric of the scores that count."""
        return self.metric if self.task is None else progress_of(self.task)
