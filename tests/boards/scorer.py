"""Facts that count on a board for redeemed sets, and what must come of them, said once more and simply."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import msgspec

from game.boards.store import SeasonKey
from game.resources import Resources
from game.scores.rules import SETS
from game.scores.service import forget, score
from game.scores.store import Score, ScoreKey


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a player has done."""

    player_id: UUID
    source: str
    amount: int
    at_ms: int

    def key(self, campaign_id: str) -> ScoreKey:
        """What names it."""
        return ScoreKey(campaign_id, self.player_id, SETS, self.source)


async def tell(resources: Resources, campaign_id: str, facts: Iterable[Fact]) -> None:
    """Score facts in one transaction."""
    scores = [Score(key=fact.key(campaign_id), amount=fact.amount, at_ms=fact.at_ms) for fact in facts]
    async with resources.pool.acquire() as conn, conn.transaction():
        await score(conn, resources, scores)


async def take_back(resources: Resources, campaign_id: str, facts: Iterable[Fact]) -> None:
    """Let facts count no more, in one transaction."""
    async with resources.pool.acquire() as conn, conn.transaction():
        await forget(conn, resources, [fact.key(campaign_id) for fact in facts])


def ranking(facts: Iterable[Fact]) -> list[tuple[UUID, int, int]]:
    """Players in order, each with the score and when it was reached."""
    sums: defaultdict[UUID, int] = defaultdict(int)
    reached: defaultdict[UUID, int] = defaultdict(int)
    for fact in facts:
        sums[fact.player_id] += fact.amount
        reached[fact.player_id] = max(reached[fact.player_id], fact.at_ms)
    rows = [(player_id, total, reached[player_id]) for player_id, total in sums.items()]
    return sorted(rows, key=lambda row: (-row[1], row[2], row[0].bytes))


async def in_postgresql(resources: Resources, key: SeasonKey) -> list[tuple[UUID, int, int]]:
    """The stored standings, in the order that players are told."""
    rows = await resources.pool.fetch(
        "SELECT player_id, score, reached_ms FROM board_standing WHERE score > 0 AND campaign_id = $1"
        " AND board_id = $2 AND season = $3 ORDER BY score DESC, reached_ms, player_id",
        key.campaign_id, key.board_id, key.season,
    )  # fmt: skip
    return [(row["player_id"], row["score"], row["reached_ms"]) for row in rows]


async def in_redis(resources: Resources, key: SeasonKey) -> list[tuple[bytes, float]]:
    """The sorted set, as it is."""
    return [tuple(each) for each in await resources.redis.zrange(names(key)["ranks"], 0, -1, withscores=True)]


def as_members(rows: Iterable[tuple[UUID, int, int]]) -> list[tuple[bytes, float]]:
    """What the sorted set must be."""
    return [(f"{at_ms:016}{player_id.hex}".encode(), -float(total)) for player_id, total, at_ms in rows]


def names(key: SeasonKey) -> Mapping[str, Any]:
    """The keys of a season in Redis."""
    named = f"{{{key.campaign_id}}}:board:{key.board_id}:{key.season}"
    return {part: f"{named}:{part}" for part in ("ranks", "places", "build")}
