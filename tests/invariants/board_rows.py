"""The rows of boards that are judged, and what they follow from."""

from collections.abc import Sequence
from typing import ClassVar, TypeVar
from uuid import UUID

import msgspec

from game.db.connection import Connection
from tests.invariants.row import Row


class Season(Row, frozen=True, kw_only=True):
    """A season of a board with its metric. Not `is_followed`: draws in the log are not all counted yet."""

    SQL: ClassVar[str] = """
        SELECT z.campaign_id, z.board_id, z.season, b.metric, z.counts_from_ms, z.counts_until_ms,
               z.frozen_ms IS NOT NULL AS is_frozen, z.rewarded_ms IS NOT NULL AS is_rewarded,
               NOT EXISTS (SELECT FROM score_log AS f JOIN log AS l USING (campaign_id)
                           WHERE f.campaign_id = z.campaign_id AND f.next_index < l.size) AS is_followed
        FROM board_season AS z JOIN board AS b USING (campaign_id, board_id)
        WHERE campaign_id = ANY ($1::text[]) ORDER BY campaign_id, board_id, z.starts_ms"""
    board_id: str
    season: str
    metric: str
    counts_from_ms: int
    counts_until_ms: int
    is_frozen: bool
    is_rewarded: bool
    is_followed: bool


class Score(Row, frozen=True, kw_only=True):
    """Something that counts. `is_due`: its metric is not added up yet for the player."""

    SQL: ClassVar[str] = """
        SELECT s.campaign_id, s.player_id, s.metric, s.source, s.amount, s.at_ms,
               EXISTS (SELECT FROM score_due AS d WHERE (d.campaign_id, d.metric, d.player_id)
                           = (s.campaign_id, s.metric, s.player_id)) AS is_due
        FROM score AS s
        WHERE campaign_id = ANY ($1::text[]) ORDER BY campaign_id, player_id, metric, source"""
    player_id: UUID
    metric: str
    source: str
    amount: int
    at_ms: int
    is_due: bool


class Fact(Row, frozen=True, kw_only=True):
    """What counts by the rows of draws, tasks, badges and sets, whatever boards there are."""

    SQL: ClassVar[str] = """
        SELECT d.campaign_id, y.player_id, 'draws' AS metric, d.entry_index::text AS source, 1 AS amount
        FROM draw AS d JOIN play AS y USING (campaign_id, play_id) WHERE campaign_id = ANY ($1::text[])
        UNION ALL
        SELECT g.campaign_id, g.player_id, 'points', g.entry_index::text, g.amount
        FROM prize_grant AS g JOIN draw AS d USING (campaign_id, entry_index)
        JOIN pool AS p USING (campaign_id, pool_id)
        WHERE campaign_id = ANY ($1::text[]) AND g.kind = 'points'
          AND (p.game <> 'scratch' OR d.uncovered_ms IS NOT NULL)
        UNION ALL
        SELECT campaign_id, player_id, 'progress:' || task_id, replace(event_id::text, '-', ''), amount
        FROM task_contribution WHERE campaign_id = ANY ($1::text[]) AND reversed_ms IS NULL
        UNION ALL
        SELECT campaign_id, player_id, 'tasks', task_id || ':' || nth, 1
        FROM task_completion WHERE campaign_id = ANY ($1::text[]) AND state IN ('rewarded', 'capped')
        UNION ALL
        SELECT campaign_id, player_id, 'sets', replace(trade_id::text, '-', ''), 1
        FROM badge_trade WHERE campaign_id = ANY ($1::text[]) AND kind = 'redeem'
        UNION ALL
        SELECT DISTINCT a.campaign_id, a.player_id, 'badges', a.badge_id, 1
        FROM badge_award AS a
        LEFT JOIN prize_grant AS g ON (g.campaign_id, g.grant_id) = (a.campaign_id, a.award_id)
        LEFT JOIN draw AS d ON (d.campaign_id, d.entry_index) = (g.campaign_id, g.entry_index)
        LEFT JOIN pool AS p ON (p.campaign_id, p.pool_id) = (g.campaign_id, g.pool_id)
        WHERE a.campaign_id = ANY ($1::text[]) AND a.state IN ('held', 'spent')
          AND (p.game IS DISTINCT FROM 'scratch' OR d.uncovered_ms IS NOT NULL)"""
    player_id: UUID
    metric: str
    source: str
    amount: int


class Standing(Row, frozen=True, kw_only=True):
    """Where a player stands in a season."""

    SQL: ClassVar[str] = """
        SELECT campaign_id, board_id, season, player_id, score, reached_ms FROM board_standing
        WHERE campaign_id = ANY ($1::text[]) ORDER BY campaign_id, board_id, season, player_id"""
    board_id: str
    season: str
    player_id: UUID
    score: int
    reached_ms: int


class Result(Row, frozen=True, kw_only=True):
    """A final rank."""

    SQL: ClassVar[str] = """
        SELECT campaign_id, board_id, season, rank, player_id, score, reached_ms, is_due,
               given_ms IS NOT NULL AS is_given
        FROM board_result
        WHERE campaign_id = ANY ($1::text[]) ORDER BY campaign_id, board_id, season, rank"""
    board_id: str
    season: str
    rank: int
    player_id: UUID
    score: int
    reached_ms: int
    is_due: bool
    is_given: bool

    @property
    def source(self) -> str:
        """The source of its reward."""
        return f"board:{self.board_id}:{self.season}:{self.rank}"


class BoardRows(msgspec.Struct, frozen=True, kw_only=True):
    """All rows of boards; `facts` are read only where there is one."""

    seasons: tuple[Season, ...]
    scores: tuple[Score, ...]
    facts: tuple[Fact, ...]
    standings: tuple[Standing, ...]
    results: tuple[Result, ...]


R = TypeVar("R", bound=Row)


async def read_board_rows(conn: Connection, campaign_ids: Sequence[str]) -> BoardRows:
    """Read all there is of boards of campaigns, in the caller's snapshot."""

    async def read(kind: type[R]) -> tuple[R, ...]:
        return tuple(kind(**row) for row in await conn.fetch(kind.SQL, campaign_ids))

    seasons = await read(Season)
    return BoardRows(
        seasons=seasons,
        scores=await read(Score),
        facts=await read(Fact) if seasons else (),
        standings=await read(Standing),
        results=await read(Result),
    )
