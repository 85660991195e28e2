"""A season's ranking among the members of a group, who know each other by nickname."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from game.auth import Caller
from game.boards import store
from game.boards.groups.rules import Member
from game.boards.groups.service import members_of
from game.boards.reading import Asked
from game.boards.rules import Standing
from game.players import player_id_of
from game.resources import Resources


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A member's rank in the group; None without a score."""

    member: Member
    rank: int | None
    score: int
    is_me: bool


async def among(resources: Resources, caller: Caller, where: Asked, *, group_id: UUID) -> list[Place]:
    """The members of one of the caller's groups in a season, those without a score last. NotFound.

    PostgreSQL tells it, by the keys of at most 50 players.
    """
    player_id = await player_id_of(resources, caller)
    async with resources.pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        members = await members_of(conn, brand_id=caller.brand_id, group_id=group_id, player_id=player_id)
        standings = await store.standings_of(conn, where.key, [each.player_id for each in members])
    return _places(members, standings, player_id)


def _places(members: Sequence[Member], standings: Mapping[UUID, Standing], player_id: UUID) -> list[Place]:
    """`standings` are in order."""
    ranks = {each: rank for rank, each in enumerate(standings, start=1)}
    ordered = sorted(members, key=lambda each: ranks.get(each.player_id, len(members)))
    return [
        Place(
            member=each,
            rank=ranks.get(each.player_id),
            score=standings[each.player_id].score if each.player_id in standings else 0,
            is_me=each.player_id == player_id,
        )
        for each in ordered
    ]
