"""The order on a board, and what a player is told of it. Pure.

More comes before less; of the same, whoever reached it first; of the same time, the lower id, which players
do not know.
"""

import hashlib
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from game.boards.drafts import BoardDraft, RankReward

TOP_MAX: Final = 100
AROUND_MAX: Final = 10
ALIAS_CHARS: Final = 12


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A player on a board: from 1 on, and when that was reached (ms)."""

    player_id: UUID
    score: int
    reached_ms: int


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """A standing and its rank, from 1 on."""

    rank: int
    standing: Standing


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """A final rank, and whether it is due a reward."""

    ranked: Ranked
    is_due: bool


def reward_of(draft: BoardDraft, rank: int) -> RankReward | None:
    """What a rank earns; None: nothing."""
    return next((each for each in draft.rewards if each.from_rank <= rank <= each.to_rank), None)


def next_reward(draft: BoardDraft, rank: int | None) -> RankReward | None:
    """The nearest reward of better ranks, or where there is no rank of any; None: there is none."""
    better = [each for each in draft.rewards if rank is None or each.to_rank < rank]
    return better[-1] if better else None


def results(draft: BoardDraft, standings: Sequence[Standing]) -> list[Result]:
    """The final ranks of standings in order."""
    return [
        Result(
            ranked=Ranked(rank=rank, standing=each),
            is_due=each.score >= (draft.least_score or 1) and reward_of(draft, rank) is not None,
        )
        for rank, each in enumerate(standings, start=1)
    ]


def kept_ranks(draft: BoardDraft) -> int:
    """How many ranks of a season are kept as results: those that are shown, and those that are rewarded."""
    return max(TOP_MAX, max((each.to_rank for each in draft.rewards), default=0))


def reward_source(board_id: str, season: str, rank: int) -> str:
    """What names the reward of a rank for ever."""
    return f"board:{board_id}:{season}:{rank}"


def lacking(mine: Standing, above: Standing) -> int:
    """How much more it takes to come before whoever is one rank higher now."""
    return above.score - mine.score + 1


def alias(campaign_id: str, player_id: UUID) -> str:
    """What other players see of a player: the same in all of a campaign, and another in the next.

    The id, which nobody outside is told, has 74 random bits: the alias does not lead back to it.
    """
    return hashlib.sha256(b"playfair/alias\0" + campaign_id.encode() + player_id.bytes).hexdigest()[
        :ALIAS_CHARS
    ]
