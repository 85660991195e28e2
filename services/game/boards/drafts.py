"""A board as its manager writes it. The same structs are read from the wire and from the database."""

from typing import Annotated, Final, Literal

import msgspec

from game.boards.seasons import Period
from game.campaigns.drafts import MAX_POINTS, NameDraft
from game.scores.rules import SCORE_MAX, Metric, progress_of, streak_of
from game.wire import Instant, Slug

GRACE_HOURS_MAX: Final = 720
REWARDS_MAX: Final = 20
RANK_MAX: Final = 1_000

Rank = Annotated[int, msgspec.Meta(ge=1, le=RANK_MAX)]


class _Input(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An absent optional field is None."""


class RankPrize(_Input, frozen=True, kw_only=True):
    """What a rank earns; `item`: a voucher's batch or a badge's id, `expires_at`: of chances."""

    kind: Literal["points", "chances", "voucher", "badge"]
    amount: Annotated[int, msgspec.Meta(ge=1, le=MAX_POINTS)]
    item: Slug | None = None
    expires_at: Instant | None = None


class RankReward(_Input, frozen=True, kw_only=True):
    """Each rank from one to another earns this, in every season."""

    from_rank: Rank
    to_rank: Rank
    prize: RankPrize


class BoardDraft(_Input, frozen=True, kw_only=True):
    """What a board counts, and its seasons.

    `metric`: draws made, points won in draws, tasks completed, progress of one `task`, different badges
    collected, sets redeemed, or the longest run of one `streak` in the whole campaign. A season that is over
    is final `grace_hours` later: what comes until then counts. Its ranks earn `rewards`, those below
    `least_score` none.
    """

    name: NameDraft
    metric: Metric
    task: Slug | None = None
    streak: Slug | None = None
    seasons: Period
    grace_hours: Annotated[int, msgspec.Meta(ge=1, le=GRACE_HOURS_MAX)]
    least_score: Annotated[int, msgspec.Meta(ge=1, le=SCORE_MAX)] | None = None
    rewards: Annotated[tuple[RankReward, ...], msgspec.Meta(max_length=REWARDS_MAX)] = ()

    @property
    def counts(self) -> str:
        """The metric of the scores that count."""
        if self.task is not None:
            return progress_of(self.task)
        return self.metric if self.streak is None else streak_of(self.streak)
