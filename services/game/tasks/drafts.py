"""A task as its manager writes it. The same structs are read from the wire and from the database."""

from typing import Annotated, Final

import msgspec

from game.campaigns.drafts import MAX_POINTS, NameDraft
from game.instants import to_ms
from game.tasks.rules import (
    FILTERS_MAX,
    PREREQUISITES_MAX,
    TARGET_MAX,
    TIMES_MAX,
    Attribute,
    Filter,
    RewardKind,
    Terms,
)
from game.tasks.windows import WeekStart, Window
from game.webhooks.declaring import TypeName
from game.wire import LINE, Instant, Slug

SEGMENTS_MAX: Final = 20
PLACES_MAX: Final = 1_000_000
CHANNEL_MAX: Final = 100

Times = Annotated[int, msgspec.Meta(ge=1, le=TIMES_MAX)]
Segments = Annotated[tuple[Slug, ...], msgspec.Meta(max_length=SEGMENTS_MAX)]


class _Input(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An absent optional field is None, an absent list is empty."""


class RewardDraft(_Input, frozen=True, kw_only=True):
    """What a completion earns; `item`: a voucher's batch or a badge's id, `expires_at`: of chances."""

    kind: RewardKind
    amount: Annotated[int, msgspec.Meta(ge=1, le=MAX_POINTS)]
    item: Slug | None = None
    expires_at: Instant | None = None


class TaskDraft(_Input, frozen=True, kw_only=True):
    """What a task asks for (`rules.Terms` says how it counts), and what each completion earns.

    Absent, `opens` and `closes` are the campaign's; `opens` may be earlier, so that past events can be
    credited. At most `times_overall` completions of all players together are rewarded; points and vouchers
    need that bound. With `needs_review` a person decides about each completion.
    """

    name: NameDraft
    text: NameDraft
    event_type: TypeName
    filters: Annotated[tuple[Filter, ...], msgspec.Meta(max_length=FILTERS_MAX)] = ()
    sum_of: Attribute | None = None
    target: Annotated[int, msgspec.Meta(ge=1, le=TARGET_MAX)]
    window: Window
    week_starts: WeekStart | None = None
    times_per_window: Times
    times_per_player: Times
    times_overall: Annotated[int, msgspec.Meta(ge=1, le=PLACES_MAX)] | None = None
    prerequisites: Annotated[tuple[Slug, ...], msgspec.Meta(max_length=PREREQUISITES_MAX)] = ()
    segments: Segments = ()
    opens: Instant | None = None
    closes: Instant | None = None
    needs_review: bool
    reward: RewardDraft


class ShareChannels(_Input, frozen=True, kw_only=True):
    """The share channels that a brand forbids: all of them, each time."""

    forbidden: Annotated[
        frozenset[
            Annotated[
                str,
                msgspec.Meta(
                    min_length=1, max_length=CHANNEL_MAX, pattern=LINE, examples=["wechat-moments", "朋友圈"]
                ),
            ]
        ],
        msgspec.Meta(max_length=50),
    ]


class PlayerSegments(_Input, frozen=True, kw_only=True):
    """The segments that a player is in: all of them, each time."""

    segments: Segments


def terms_of(task_id: str, draft: TaskDraft, *, opens_ms: int, closes_ms: int) -> Terms:
    """What a task asks for in a campaign that is open from `opens_ms` to `closes_ms`."""
    return Terms(
        task_id=task_id,
        event_type=draft.event_type,
        filters=draft.filters,
        sum_of=draft.sum_of,
        target=draft.target,
        window=draft.window,
        week_starts=draft.week_starts or "monday",
        times_per_window=draft.times_per_window,
        times_per_player=draft.times_per_player,
        prerequisites=draft.prerequisites,
        segments=frozenset(draft.segments),
        opens_ms=opens_ms if draft.opens is None else to_ms(draft.opens),
        closes_ms=closes_ms if draft.closes is None else min(closes_ms, to_ms(draft.closes)),
    )
