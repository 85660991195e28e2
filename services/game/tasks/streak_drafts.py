"""A streak as its manager writes it. The same structs are read from the wire and from the database."""

from typing import Annotated, Final

import msgspec

from game.campaigns.drafts import NameDraft
from game.tasks.drafts import PLACES_MAX, RewardDraft
from game.tasks.rules import FILTERS_MAX, Filter, Terms
from game.tasks.streaks import DAYS_MAX, MILESTONES_MAX, StreakPolicy
from game.webhooks.declaring import TypeName

STREAKS_MAX: Final = 10
CHECK_IN: Final = "checkin.created"

Places = Annotated[int, msgspec.Meta(ge=1, le=PLACES_MAX)]


class _Input(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An absent optional field is None, an absent list is empty."""


class MilestoneDraft(_Input, frozen=True, kw_only=True):
    """What a run of so many days earns a player, once.

    At most `times_overall` players are rewarded; points and vouchers need that bound.
    """

    days: Annotated[int, msgspec.Meta(ge=1, le=DAYS_MAX)]
    times_overall: Places | None = None
    reward: RewardDraft


class StreakDraft(_Input, frozen=True, kw_only=True):
    """Days in a row with an event of a type that passes all filters, and what long runs earn.

    At most `repairs_overall` missed days of all players together are repaired, each of them for
    `policy.repair_points`; absent where nothing can be repaired (`policy.repair_days` is 0).
    """

    name: NameDraft
    text: NameDraft
    event_type: TypeName = CHECK_IN
    filters: Annotated[tuple[Filter, ...], msgspec.Meta(max_length=FILTERS_MAX)] = ()
    policy: StreakPolicy
    repairs_overall: Places | None = None
    milestones: Annotated[tuple[MilestoneDraft, ...], msgspec.Meta(max_length=MILESTONES_MAX)]


def terms_of(streak_id: str, draft: StreakDraft, *, opens_ms: int, closes_ms: int) -> Terms:
    """Which events count in a campaign that is open from `opens_ms` to `closes_ms`: as for a daily task."""
    return Terms(
        task_id=streak_id,
        event_type=draft.event_type,
        filters=draft.filters,
        sum_of=None,
        target=1,
        window="day",
        week_starts="monday",
        times_per_window=1,
        times_per_player=DAYS_MAX,
        prerequisites=(),
        segments=frozenset(),
        opens_ms=opens_ms,
        closes_ms=closes_ms,
    )
