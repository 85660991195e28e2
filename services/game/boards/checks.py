"""Whether a board may be saved: each refusal names the field and the rule. Pure."""

from collections.abc import Collection, Sequence

from game.boards.drafts import BoardDraft
from game.boards.seasons import SEASONS_MAX, Season
from game.campaigns.checks import broken


def check_board(draft: BoardDraft, seasons: Sequence[Season], *, tasks: Collection[str]) -> None:
    """Raise Invalid unless a board may stand in a campaign that has these tasks."""
    if (draft.metric == "progress") != (draft.task is not None):
        raise broken("$.task", "the task of a board for its progress, and of no other")
    if draft.task is not None and draft.task not in tasks:
        raise broken("$.task", "a task of the campaign", task=draft.task)
    if len(seasons) > SEASONS_MAX:
        raise broken("$.seasons", f"at most {SEASONS_MAX} seasons", limit=SEASONS_MAX)
