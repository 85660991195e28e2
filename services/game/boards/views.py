"""Boards on the wire. Other players have an alias, which their brand's name of them does not follow from."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from game.boards.among import Place
from game.boards.drafts import BoardDraft, RankReward
from game.boards.reading import Asked, Mine
from game.boards.rules import Ranked, alias, lacking, next_reward, reward_of
from game.boards.store import Board, Kept
from game.campaigns.drafts import NameDraft
from game.instants import to_datetime
from game.scores.rules import Metric

State = Literal["to_come", "open", "over", "final"]
Reason = Literal["season_to_come", "no_score"]
RewardKind = Literal["points", "chances", "voucher", "badge"]


class SeasonView(msgspec.Struct, frozen=True, kw_only=True):
    """A season, by its first day or `all`. What comes late counts while it is `over`, until it is `final`."""

    season: str
    starts_at: datetime
    ends_at: datetime
    state: State


class RewardView(msgspec.Struct, frozen=True, kw_only=True):
    """What each rank from one to another earns."""

    from_rank: int
    to_rank: int
    kind: RewardKind
    amount: int
    item: str | None


class BoardView(msgspec.Struct, frozen=True, kw_only=True):
    """A board as everybody may see it. `task` and `streak` are null unless it ranks by one."""

    board_id: str
    name: NameDraft
    metric: Metric
    task: str | None
    streak: str | None
    grace_hours: int
    least_score: int | None
    rewards: tuple[RewardView, ...]
    seasons: tuple[SeasonView, ...]


class BoardList(msgspec.Struct, frozen=True, kw_only=True):
    """The boards of a campaign."""

    boards: tuple[BoardView, ...]


class ManagedBoard(msgspec.Struct, frozen=True, kw_only=True):
    """A board as it was written, and its seasons."""

    board_id: str
    board: BoardDraft
    seasons: tuple[SeasonView, ...]


class ManagedBoardList(msgspec.Struct, frozen=True, kw_only=True):
    """The boards of a campaign as they were written."""

    boards: tuple[ManagedBoard, ...]


class RankView(msgspec.Struct, frozen=True, kw_only=True):
    """A rank: who has it goes by an alias, the same everywhere in the campaign."""

    rank: int
    alias: str
    score: int
    reached_at: datetime


class TopView(msgspec.Struct, frozen=True, kw_only=True):
    """The first of a season."""

    board_id: str
    season: SeasonView
    ranks: tuple[RankView, ...]


class MyRank(msgspec.Struct, frozen=True, kw_only=True):
    """You in a season. `reason` says why you have no rank, null: you have one.

    `to_next` is how much more it takes to overtake whoever is one rank higher now, null for the first and
    without a rank. `reward` is what the rank earns, should the season end so, `next_reward` what the next
    better ones earn; null: nothing.
    """

    board_id: str
    season: SeasonView
    alias: str
    rank: int | None
    score: int
    reason: Reason | None
    to_next: int | None
    reward: RewardView | None
    next_reward: RewardView | None
    around: tuple[RankView, ...]


class GroupRankView(msgspec.Struct, frozen=True, kw_only=True):
    """A member's rank in the group; null without a score."""

    member: UUID
    nickname: str
    is_me: bool
    rank: int | None
    score: int


class GroupRanking(msgspec.Struct, frozen=True, kw_only=True):
    """The members of a group among themselves in a season, those without a score last."""

    board_id: str
    season: SeasonView
    members: tuple[GroupRankView, ...]


def board_list(found: Mapping[str, Board], *, now_ms: int) -> BoardList:
    """Boards as everybody may see them."""
    return BoardList(boards=tuple(_board(each, now_ms) for each in found.values()))


def managed_board(board: Board, *, now_ms: int) -> ManagedBoard:
    """A board as it was written."""
    return ManagedBoard(board_id=board.board_id, board=board.draft, seasons=_seasons(board, now_ms))


def managed_list(found: Mapping[str, Board], *, now_ms: int) -> ManagedBoardList:
    """Boards as they were written."""
    return ManagedBoardList(boards=tuple(managed_board(each, now_ms=now_ms) for each in found.values()))


def top_view(where: Asked, found: Iterable[Ranked], *, now_ms: int) -> TopView:
    """The first of a season."""
    return TopView(
        board_id=where.board.board_id, season=_season(where.kept, now_ms), ranks=_ranks(where, found)
    )


def my_rank(where: Asked, found: Mine, *, now_ms: int) -> MyRank:
    """A player in a season."""
    season = _season(where.kept, now_ms)
    me = found.me
    rank = me.rank if me else None
    return MyRank(
        board_id=where.board.board_id,
        season=season,
        alias=alias(where.campaign_id, found.player_id),
        rank=rank,
        score=me.standing.score if me else 0,
        reason=_reason(season) if me is None else None,
        to_next=lacking(me.standing, found.above) if me and found.above else None,
        reward=_reward(earned) if (earned := _earned(where.board.draft, me)) else None,
        next_reward=_reward(better) if (better := next_reward(where.board.draft, rank)) else None,
        around=_ranks(where, found.around),
    )


def _earned(draft: BoardDraft, me: Ranked | None) -> RankReward | None:
    if me is None or me.standing.score < (draft.least_score or 1):
        return None
    return reward_of(draft, me.rank)


def _reward(earned: RankReward) -> RewardView:
    prize = earned.prize
    return RewardView(
        from_rank=earned.from_rank,
        to_rank=earned.to_rank,
        kind=prize.kind,
        amount=prize.amount,
        item=prize.item,
    )


def group_ranking(where: Asked, found: Iterable[Place], *, now_ms: int) -> GroupRanking:
    """The members of a group in a season."""
    return GroupRanking(
        board_id=where.board.board_id,
        season=_season(where.kept, now_ms),
        members=tuple(
            GroupRankView(
                member=each.member.member_id,
                nickname=each.member.nickname,
                is_me=each.is_me,
                rank=each.rank,
                score=each.score,
            )
            for each in found
        ),
    )


def _reason(season: SeasonView) -> Reason:
    return "season_to_come" if season.state == "to_come" else "no_score"


def _board(board: Board, now_ms: int) -> BoardView:
    draft = board.draft
    return BoardView(
        board_id=board.board_id,
        name=draft.name,
        metric=draft.metric,
        task=draft.task,
        streak=draft.streak,
        grace_hours=draft.grace_hours,
        least_score=draft.least_score,
        rewards=tuple(map(_reward, draft.rewards)),
        seasons=_seasons(board, now_ms),
    )


def _seasons(board: Board, now_ms: int) -> tuple[SeasonView, ...]:
    return tuple(_season(each, now_ms) for each in board.seasons)


def _season(kept: Kept, now_ms: int) -> SeasonView:
    season = kept.season
    return SeasonView(
        season=season.season,
        starts_at=to_datetime(season.starts_ms),
        ends_at=to_datetime(season.ends_ms),
        state=_state(kept, now_ms),
    )


def _state(kept: Kept, now_ms: int) -> State:
    if kept.frozen_ms is not None:
        return "final"
    if now_ms < kept.season.starts_ms:
        return "to_come"
    return "open" if now_ms < kept.season.ends_ms else "over"


def _ranks(where: Asked, found: Iterable[Ranked]) -> tuple[RankView, ...]:
    return tuple(
        RankView(
            rank=each.rank,
            alias=alias(where.campaign_id, each.standing.player_id),
            score=each.standing.score,
            reached_at=to_datetime(each.standing.reached_ms),
        )
        for each in found
    )
