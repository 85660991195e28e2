"""The rows of boards, their seasons and standings. Connection first."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from game.boards.drafts import BoardDraft
from game.boards.rules import Standing
from game.boards.seasons import SEASONS_MAX, Season
from game.db.connection import Connection
from game.db.statements import columns, load

BOARDS_MAX: Final = 20

_SQL = load("game.boards")
_draft = msgspec.json.Decoder(BoardDraft)


class SeasonKey(msgspec.Struct, frozen=True, order=True):
    """What names a season of a board."""

    campaign_id: str
    board_id: str
    season: str

    @property
    def parts(self) -> tuple[str, str, str]:
        """As statements take it."""
        return self.campaign_id, self.board_id, self.season


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A season as it is stored; `frozen_ms` is None until nothing of it changes any more."""

    season: Season
    frozen_ms: int | None


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """A board of a campaign, and its seasons in order."""

    board_id: str
    draft: BoardDraft
    seasons: tuple[Kept, ...]


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A metric of a player that has changed."""

    campaign_id: str
    metric: str
    player_id: UUID


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """Where a player stands now; a score of 0 is nowhere. `version` counts the changes."""

    key: SeasonKey
    player_id: UUID
    score: int
    reached_ms: int
    version: int


async def save_board(
    conn: Connection, draft: BoardDraft, seasons: Sequence[Season], *, campaign_id: str, board_id: str
) -> None:
    """Write a board of a locked draft campaign, with its seasons."""
    encoded = msgspec.json.encode(draft).decode()
    await conn.execute(_SQL.save_board, campaign_id, board_id, draft.counts, encoded)
    rows = [msgspec.structs.astuple(season) for season in seasons]
    await conn.execute(_SQL.save_seasons, campaign_id, board_id, *columns(rows, 5))


async def delete_board(conn: Connection, *, campaign_id: str, board_id: str) -> bool:
    """Remove a board of a locked draft campaign; False: there is none."""
    return await conn.fetchval(_SQL.delete_board, campaign_id, board_id) is not None


async def boards_of_campaign(conn: Connection, *, campaign_id: str) -> dict[str, Board]:
    """The boards of a campaign, by id."""
    seasons: defaultdict[str, list[Kept]] = defaultdict(list)
    for row in await conn.fetch(_SQL.seasons_of_campaign, campaign_id, BOARDS_MAX * SEASONS_MAX):
        fields = dict(row)
        board_id, frozen_ms = fields.pop("board_id"), fields.pop("frozen_ms")
        seasons[board_id].append(Kept(season=Season(**fields), frozen_ms=frozen_ms))
    return {
        row["board_id"]: Board(
            board_id=row["board_id"],
            draft=_draft.decode(row["draft"]),
            seasons=tuple(seasons[row["board_id"]]),
        )
        for row in await conn.fetch(_SQL.boards_of_campaign, campaign_id, BOARDS_MAX)
    }


async def task_ids(conn: Connection, *, campaign_id: str) -> frozenset[str]:
    """The tasks of a campaign."""
    return frozenset(row["task_id"] for row in await conn.fetch(_SQL.task_ids, campaign_id))


async def streak_ids(conn: Connection, *, campaign_id: str) -> frozenset[str]:
    """The streaks of a campaign."""
    return frozenset(row["streak_id"] for row in await conn.fetch(_SQL.streak_ids, campaign_id))


async def claim_due(conn: Connection, *, limit: int) -> list[Due]:
    """Take metrics of players that have changed; whoever changes them again waits until the end."""
    return [Due(**row) for row in await conn.fetch(_SQL.claim_due, limit)]


async def fold(conn: Connection, due: Sequence[Due], *, until_ms: int) -> list[Changed]:
    """Add up claimed metrics in the seasons before a time that are not frozen; what has changed by it."""
    metrics = sorted({(each.campaign_id, each.metric) for each in due})
    await conn.execute(_SQL.hold_seasons, *columns(metrics, 2), until_ms)
    asked = columns([(each.campaign_id, each.metric, each.player_id) for each in due], 3)
    return [_changed(row) for row in await conn.fetch(_SQL.fold, *asked, until_ms)]


async def top(conn: Connection, key: SeasonKey, *, limit: int, after: int) -> list[Standing]:
    """So many standings of a season, in order, after so many."""
    return [Standing(**row) for row in await conn.fetch(_SQL.top, *key.parts, limit, after)]


async def standings_of(
    conn: Connection, key: SeasonKey, player_ids: Collection[UUID]
) -> dict[UUID, Standing]:
    """Where players stand, in order; no entry: nowhere."""
    rows = await conn.fetch(_SQL.standings_of, *key.parts, list(player_ids))
    return {row["player_id"]: Standing(**row) for row in rows}


async def ranked_after(
    conn: Connection, key: SeasonKey, *, after: Standing | None, limit: int
) -> list[Standing]:
    """Standings of a season in order, after one or from the first on."""
    place = (None, None, None) if after is None else (after.score, after.reached_ms, after.player_id)
    return [Standing(**row) for row in await conn.fetch(_SQL.ranked_after, *key.parts, *place, limit)]


async def standings_after(conn: Connection, key: SeasonKey, *, after: UUID, limit: int) -> list[Changed]:
    """Standings of a season in the order of players' ids, those of 0 too."""
    return [_changed(row) for row in await conn.fetch(_SQL.standings_after, *key.parts, after, limit)]


async def unpublished(conn: Connection, *, limit: int) -> list[Changed]:
    """Standings that have not been published yet."""
    return [_changed(row) for row in await conn.fetch(_SQL.unpublished, limit)]


async def mark_published(conn: Connection, published: Sequence[Changed]) -> None:
    """Note what was published; what has changed since stays unpublished."""
    rows = [(*each.key.parts, each.player_id, each.version) for each in published]
    await conn.execute(_SQL.mark_published, *columns(rows, 5))


async def open_seasons(conn: Connection, *, now_ms: int, limit: int) -> list[SeasonKey]:
    """Some of the seasons that have begun and are not frozen."""
    return [SeasonKey(*row) for row in await conn.fetch(_SQL.open_seasons, now_ms, limit)]


async def seasons_after(
    conn: Connection, *, after: SeasonKey | None, now_ms: int, limit: int
) -> list[SeasonKey]:
    """The seasons that have begun and are not frozen, in order after one or from the first on."""
    place = ("", "", "") if after is None else after.parts
    return [SeasonKey(*row) for row in await conn.fetch(_SQL.seasons_after, now_ms, *place, limit)]


async def count_ahead(conn: Connection, key: SeasonKey, standing: Standing, *, limit: int) -> int:
    """How many are ahead of a standing, `limit` at most."""
    place = (standing.score, standing.reached_ms, standing.player_id)
    return int(await conn.fetchval(_SQL.count_ahead, *key.parts, *place, limit))


def _changed(row: Any) -> Changed:
    fields = dict(row)
    key = SeasonKey(fields.pop("campaign_id"), fields.pop("board_id"), fields.pop("season"))
    return Changed(key=key, **fields)
