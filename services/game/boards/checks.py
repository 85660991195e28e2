"""Whether a board may be saved, and the most that it can give away. Pure."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

import msgspec

from game.boards.drafts import BoardDraft, RankPrize
from game.boards.seasons import SEASONS_MAX, Season
from game.campaigns.checks import broken
from game.campaigns.drafts import MAX_CHANCES
from game.campaigns.records import Promise
from game.instants import to_ms

POINTS_MAX: Final = 2**53 - 1
HOUR_MS: Final = 3_600_000


def check_board(
    draft: BoardDraft,
    seasons: Sequence[Season],
    *,
    tasks: Collection[str],
    streaks: Collection[str],
    badges: Collection[str],
) -> None:
    """Raise Invalid unless a board may stand in a campaign that has these tasks, streaks and badges."""
    if (draft.metric == "progress") != (draft.task is not None):
        raise broken("$.task", "the task of a board for its progress, and of no other")
    if draft.task is not None and draft.task not in tasks:
        raise broken("$.task", "a task of the campaign", task=draft.task)
    if (draft.metric == "streak") != (draft.streak is not None):
        raise broken("$.streak", "the streak of a board for its longest run, and of no other")
    if draft.streak is not None and draft.streak not in streaks:
        raise broken("$.streak", "a streak of the campaign", streak=draft.streak)
    if draft.streak is not None and draft.seasons != "campaign":
        # A run that goes on would leave the season in which it was shorter.
        raise broken("$.seasons", "the whole campaign, of a board for the longest run of a streak")
    if len(seasons) > SEASONS_MAX:
        raise broken("$.seasons", f"at most {SEASONS_MAX} seasons", limit=SEASONS_MAX)
    final_ms = seasons[-1].ends_ms + draft.grace_hours * HOUR_MS
    before = 0
    for index, each in enumerate(draft.rewards):
        if not before < each.from_rank <= each.to_rank:
            raise broken(f"$.rewards[{index}].from_rank", "ranges in order, without a rank in two")
        before = each.to_rank
        _check_prize(each.prize, badges, at=f"$.rewards[{index}].prize", final_ms=final_ms)
    if promised(draft, seasons).points > POINTS_MAX:
        raise broken("$.rewards", f"at most {POINTS_MAX} points of all seasons together")


def promised(draft: BoardDraft, seasons: Sequence[Season]) -> Promise:
    """The most that a board can give away: every rewarded rank of every season. All of it is published."""
    points, vouchers = 0, Counter[str]()
    for each in draft.rewards:
        times = (each.to_rank - each.from_rank + 1) * len(seasons)
        if each.prize.kind == "points":
            points += each.prize.amount * times
        elif each.prize.kind == "voucher" and each.prize.item:
            vouchers[each.prize.item] += times
    return Promise(points=points, vouchers=vouchers, terms=msgspec.to_builtins(draft))


def _check_prize(prize: RankPrize, badges: Collection[str], *, at: str, final_ms: int) -> None:
    if (prize.kind in ("voucher", "badge")) != (prize.item is not None):
        raise broken(f"{at}.item", "the batch of a voucher, the id of a badge; of nothing else")
    if prize.kind == "badge" and prize.item not in badges:
        raise broken(f"{at}.item", "a badge of the campaign")
    if (prize.kind == "chances") != (prize.expires_at is not None):
        raise broken(f"{at}.expires_at", "until when chances are good; of nothing else")
    if prize.expires_at is not None and to_ms(prize.expires_at) < final_ms:
        raise broken(f"{at}.expires_at", "no earlier than the last season is final", final_ms=final_ms)
    most = {"points": prize.amount, "chances": MAX_CHANCES}.get(prize.kind, 1)
    if prize.amount > most:
        raise broken(f"{at}.amount", f"at most {most} of {prize.kind}")
