"""The rows of scores, and what in the log they follow from. Connection first."""

from collections.abc import Collection, Sequence
from uuid import UUID

import msgspec

from game.db.connection import Connection
from game.db.statements import columns, load
from game.scores.rules import OF_DRAWS, Wanted

_SQL = load("game.scores")


class ScoreKey(msgspec.Struct, frozen=True, order=True):
    """What names a score for ever."""

    campaign_id: str
    player_id: UUID
    metric: str
    source: str


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """Something that counts, from 1 on, since `at_ms`: when it happened, not when it was processed."""

    key: ScoreKey
    amount: int
    at_ms: int


class LoggedDraw(msgspec.Struct, frozen=True, kw_only=True):
    """A draw in the log; `points` is None where it won none, or may not be told yet."""

    entry_index: int
    player_id: UUID
    at_ms: int
    points: int | None
    is_badge: bool


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """Entries of a locked log that are not counted yet, from `next_index` to before `until_index`."""

    campaign_id: str
    next_index: int
    until_index: int


async def wanted(conn: Connection, *, campaign_id: str) -> tuple[Wanted, bool]:
    """What boards of a campaign rank by, and whether that never changes any more."""
    row = await conn.fetchrow(_SQL.wanted, campaign_id)
    assert row is not None, "scores are of a campaign"
    return Wanted(ranked=frozenset(row["metrics"])), row["is_final"]


async def follow_log(conn: Connection, *, campaign_id: str) -> None:
    """Have the log of a draft campaign followed, or not, as its boards want."""
    await conn.execute(_SQL.follow_log, campaign_id, list(OF_DRAWS))


async def mark(conn: Connection, places: Collection[tuple[str, str, UUID]]) -> None:
    """Lock metrics of players, and have them added up again: campaign, metric, player."""
    await conn.execute(_SQL.mark, *columns(places, 3))


async def put(conn: Connection, scores: Sequence[Score]) -> None:
    """Write scores whose metrics are marked."""
    await conn.execute(_SQL.put, *columns([(*_parts(s.key), s.amount, s.at_ms) for s in scores], 6))


async def remove(conn: Connection, keys: Sequence[ScoreKey]) -> None:
    """Delete scores whose metrics are marked."""
    await conn.execute(_SQL.remove, *columns(map(_parts, keys), 4))


async def put_badges(conn: Connection, player_ids: Collection[UUID], *, campaign_id: str) -> None:
    """Bring the badges of marked players in line with their awards."""
    await conn.execute(_SQL.put_badges, campaign_id, list(player_ids))


async def claim_log(conn: Connection, *, limit: int) -> Stretch | None:
    """The next entries of some log that has grown, locked; None: none has, or others are at them."""
    row = await conn.fetchrow(_SQL.claim_log, limit)
    return None if row is None else Stretch(**row)


async def followed(conn: Connection, stretch: Stretch, *, now_ms: int) -> None:
    """Note that a claimed stretch is counted."""
    await conn.execute(_SQL.followed, stretch.campaign_id, stretch.until_index, now_ms)


async def draws_in_log(conn: Connection, stretch: Stretch) -> list[LoggedDraw]:
    """The draws in a stretch of a log."""
    rows = await conn.fetch(_SQL.draws_in_log, stretch.campaign_id, stretch.next_index, stretch.until_index)
    return [LoggedDraw(**row) for row in rows]


async def uncovered_draws(
    conn: Connection, entry_indexes: Sequence[int], *, campaign_id: str
) -> list[LoggedDraw]:
    """What tickets that were just uncovered have won; those that won nothing aside."""
    rows = await conn.fetch(_SQL.uncovered_draws, campaign_id, entry_indexes)
    return [LoggedDraw(**row) for row in rows]


def _parts(key: ScoreKey) -> tuple[str, UUID, str, str]:
    return key.campaign_id, key.player_id, key.metric, key.source
