"""Whether a streak may be saved: each refusal names the field and the rule. Pure."""

from collections.abc import Collection, Iterable
from typing import Final

from game.campaigns.checks import broken
from game.campaigns.records import Promise
from game.errors import Exhausted
from game.tasks.checks import check_events, check_expiry, check_reward
from game.tasks.streak_drafts import STREAKS_MAX, MilestoneDraft, StreakDraft
from game.tasks.streaks import DAYS_MAX
from game.webhooks.declaring import Attributes

DAY_MS: Final = 86_400_000
POINTS_MAX: Final = 2**53 - 1


def check_streak(
    draft: StreakDraft,
    *,
    others: int,
    attributes: Attributes | None,
    forbidden: Collection[str],
    badges: Collection[str],
    opens_ms: int,
    closes_ms: int,
) -> None:
    """Raise a refusal unless the streak may stand beside so many others of a campaign with such a schedule.

    `attributes` are those of its event type, None where that is not declared; `forbidden` the share channels.
    """
    if others >= STREAKS_MAX:
        raise Exhausted("too_many_streaks", f"A campaign has up to {STREAKS_MAX} streaks.", limit=STREAKS_MAX)
    check_events(draft.event_type, draft.filters, sum_of=None, attributes=attributes, forbidden=forbidden)
    if (draft.policy.repair_days > 0) != (draft.repairs_overall is not None):
        raise broken("$.repairs_overall", "a bound on repairs, which are refunded where they were needless")
    days = (closes_ms - opens_ms) // DAY_MS + 2  # of any zone, the first and the last in part
    if days > DAYS_MAX:
        raise broken("$.policy", f"a campaign of at most {DAYS_MAX} days")
    _check_order([each.days for each in draft.milestones], most=days)
    for index, each in enumerate(draft.milestones):
        _check_milestone(each, badges, closes_ms=closes_ms, at=f"$.milestones[{index}]")


def _check_order(days: list[int], *, most: int) -> None:
    if days != sorted(set(days)):
        raise broken("$.milestones", "each longer than the one before")
    if days and days[-1] > most:
        raise broken(f"$.milestones[{len(days) - 1}].days", f"at most the {most} days of the campaign")


def _check_milestone(draft: MilestoneDraft, badges: Collection[str], *, closes_ms: int, at: str) -> None:
    check_reward(draft.reward, draft.times_overall, at=at)
    check_expiry(draft.reward, closes_ms=closes_ms, at=at)
    if draft.reward.kind == "badge" and draft.reward.item not in badges:
        raise broken(f"{at}.reward.item", "a badge of the campaign")


def check_promise(most: Promise) -> None:
    """Raise Invalid where streaks could give more points than can be counted."""
    if most.points > POINTS_MAX:
        raise broken("$.milestones", f"at most {POINTS_MAX} points of all streaks together")


def refundable(drafts: Iterable[StreakDraft]) -> int:
    """The points of all repairs that there can be."""
    return sum(each.policy.repair_points * (each.repairs_overall or 0) for each in drafts)
