"""Ranks, what they earn, and what others see of a player: no Redis, no rows."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from game.boards.drafts import BoardDraft, RankPrize, RankReward
from game.boards.rules import (
    ALIAS_CHARS,
    TOP_MAX,
    Standing,
    alias,
    kept_ranks,
    lacking,
    next_reward,
    results,
    reward_of,
    reward_source,
)
from game.campaigns.drafts import NameDraft

NAME = NameDraft(zh="榜", en="Board")


def reward(first: int, last: int) -> RankReward:
    """Points for some ranks."""
    return RankReward(from_rank=first, to_rank=last, prize=RankPrize(kind="points", amount=10))


BEST, NEXT, FAR = reward(1, 1), reward(2, 3), reward(200, 300)
BOARD = BoardDraft(
    name=NAME, metric="draws", seasons="week", grace_hours=1, least_score=5, rewards=(BEST, NEXT)
)


def board(**changes: Any) -> BoardDraft:
    """The board with some fields of its own."""
    return msgspec.structs.replace(BOARD, **changes)


def standing(number: int, score: int) -> Standing:
    """A player with a score."""
    return Standing(player_id=UUID(int=number), score=score, reached_ms=number)


@pytest.mark.parametrize(("rank", "earns"), [(1, BEST), (2, NEXT), (3, NEXT), (4, None)])
def test_what_a_rank_earns(rank: int, earns: RankReward | None) -> None:
    """From its first rank to its last."""
    assert reward_of(board(), rank) == earns


@pytest.mark.parametrize(
    ("rank", "better"), [(None, NEXT), (9, NEXT), (4, NEXT), (3, BEST), (2, BEST), (1, None)]
)
def test_the_next_reward_is_that_of_better_ranks(rank: int | None, better: RankReward | None) -> None:
    """The nearest of them; whoever has the best one has none before them."""
    assert next_reward(board(), rank) == better


def test_without_rewards_there_is_no_next_one() -> None:
    """Whatever the rank."""
    assert next_reward(board(rewards=()), None) is None


@pytest.mark.parametrize(
    ("least", "due"), [(5, [True, True, False, False]), (None, [True, True, True, False])]
)
def test_final_ranks(least: int | None, due: list[bool]) -> None:
    """In the order of the standings; a rank is due its reward from the least score on."""
    found = results(board(least_score=least), [standing(n, score) for n, score in enumerate((9, 5, 4, 4))])
    assert [(each.ranked.rank, each.ranked.standing.score) for each in found] == [
        (1, 9),
        (2, 5),
        (3, 4),
        (4, 4),
    ]
    assert [each.is_due for each in found] == due


@pytest.mark.parametrize(("rewards", "ranks"), [((), TOP_MAX), ((BEST, NEXT), TOP_MAX), ((BEST, FAR), 300)])
def test_how_many_ranks_are_kept(rewards: tuple[RankReward, ...], ranks: int) -> None:
    """Those that are shown, and those that are rewarded."""
    assert kept_ranks(board(rewards=rewards)) == ranks


def test_a_reward_is_named_by_board_season_and_rank() -> None:
    """Each of them tells two rewards apart."""
    names = {reward_source(*of) for of in (("a", "s", 1), ("b", "s", 1), ("a", "t", 1), ("a", "s", 11))}
    assert len(names) == 4


@pytest.mark.parametrize(("mine", "above", "more"), [(5, 5, 1), (5, 9, 5)])
def test_what_it_takes_to_come_before(mine: int, above: int, more: int) -> None:
    """One more than the other has: who was first keeps the rank on a tie."""
    assert lacking(standing(1, mine), standing(2, above)) == more


def test_an_alias_is_of_a_campaign() -> None:
    """The same in all of it, and nothing that could be followed into the next one."""
    found = alias("campaign0001", UUID(int=1))
    assert (len(found), found) == (ALIAS_CHARS, alias("campaign0001", UUID(int=1)))
    assert len({found, alias("campaign0002", UUID(int=1)), alias("campaign0001", UUID(int=2))}) == 3
