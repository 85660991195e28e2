"""Who is where on a board: the first, and a player with those around."""

from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from game.auth import Caller
from game.boards import ladder, store
from game.boards.defining import board_of
from game.boards.final_store import frozen_ms_of, results_of
from game.boards.rules import Ranked, Standing
from game.boards.store import Board, Kept, SeasonKey
from game.campaigns.access import no_such_campaign
from game.campaigns.store import brand_of_launched
from game.db.connection import Connection
from game.errors import NotFound, Unavailable
from game.players import player_id_of
from game.recent import Fresh, Recent
from game.resources import Resources

PUBLISHED_KEPT: Final = 500
# How far a rank is counted in PostgreSQL: while Redis does not know it, and where it is final.
COUNTED_MAX: Final = 10_000
FINAL_COUNTED_MAX: Final = 1_000_000
FROZEN_KEPT: Final = 1_000
FROZEN_MS: Final = 1_000


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """The boards of a launched campaign, by id, as they were when it was looked up first."""

    brand_id: str
    boards: dict[str, Board]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A season of a board that somebody asks for."""

    campaign_id: str
    board: Board
    kept: Kept

    @property
    def key(self) -> SeasonKey:
        """What names it."""
        return SeasonKey(self.campaign_id, self.board.board_id, self.kept.season.season)


class Mine(msgspec.Struct, frozen=True, kw_only=True):
    """A player in a season, `me`: None without a score. `around` has some before, the player, some after."""

    player_id: UUID
    me: Ranked | None
    above: Standing | None
    around: tuple[Ranked, ...]


_recent: "Recent[tuple[asyncpg.Pool[asyncpg.Record], str], Published]" = Recent(limit=PUBLISHED_KEPT)
_frozen: "Fresh[tuple[asyncpg.Pool[asyncpg.Record], SeasonKey], int | None]" = Fresh(
    limit=FROZEN_KEPT, keep_ms=FROZEN_MS
)


async def boards(resources: Resources, caller: Caller | None, *, campaign_id: str) -> dict[str, Board]:
    """The boards of a launched campaign. NotFound; of another brand too."""
    await _published(resources, caller, campaign_id)
    async with resources.pool.acquire() as conn:
        return await store.boards_of_campaign(conn, campaign_id=campaign_id)


async def asked(
    resources: Resources, caller: Caller | None, *, campaign_id: str, board_id: str, season: str | None
) -> Asked:
    """A season of a board, the present one unless another is named. NotFound.

    That it has become final is known FROZEN_MS later at the latest.
    """
    where = await _asked(resources, caller, campaign_id=campaign_id, board_id=board_id, season=season)
    frozen_ms = where.kept.frozen_ms or await _frozen.get(
        (resources.pool, where.key), lambda: _frozen_ms(resources, where.key), now_ms=resources.clock()
    )
    return _known(where, frozen_ms)


async def asked_anew(
    resources: Resources, caller: Caller | None, *, campaign_id: str, board_id: str, season: str | None
) -> Asked:
    """The same as it is stored now, for an answer that is kept as a whole."""
    where = await _asked(resources, caller, campaign_id=campaign_id, board_id=board_id, season=season)
    return _known(where, where.kept.frozen_ms or await _frozen_ms(resources, where.key))


async def _asked(
    resources: Resources, caller: Caller | None, *, campaign_id: str, board_id: str, season: str | None
) -> Asked:
    found = await _published(resources, caller, campaign_id)
    board = board_of(found.boards, board_id)
    kept = present(board, now_ms=resources.clock()) if season is None else _named(board, season)
    return Asked(campaign_id=campaign_id, board=board, kept=kept)


def _known(where: Asked, frozen_ms: int | None) -> Asked:
    return msgspec.structs.replace(where, kept=msgspec.structs.replace(where.kept, frozen_ms=frozen_ms))


def present(board: Board, *, now_ms: int) -> Kept:
    """The last season that has begun, or the first before any has."""
    begun = [kept for kept in board.seasons if kept.season.starts_ms <= now_ms]
    return begun[-1] if begun else board.seasons[0]


def _named(board: Board, season: str) -> Kept:
    for kept in board.seasons:
        if kept.season.season == season:
            return kept
    raise NotFound("season_not_found", "The board has no such season.")


async def _frozen_ms(resources: Resources, key: SeasonKey) -> int | None:
    async with resources.pool.acquire() as conn:
        return await frozen_ms_of(conn, key)


async def top(resources: Resources, where: Asked, *, limit: int) -> list[Ranked]:
    """The first of a season."""
    if where.kept.frozen_ms is not None:
        async with resources.pool.acquire() as conn:
            return await results_of(conn, where.key, limit=limit)
    known = await ladder.ranks(resources, where.key, after=0, limit=limit)
    if known is not None:
        return known
    async with resources.pool.acquire() as conn:
        return _ranked(await store.top(conn, where.key, limit=limit, after=0), after=0)


async def mine(resources: Resources, caller: Caller, where: Asked, *, around: int) -> Mine:
    """The caller in a season, and so many before and after."""
    player_id = await player_id_of(resources, caller)
    before = max(around, 1)
    is_final = where.kept.frozen_ms is not None
    rows = (
        None
        if is_final
        else await ladder.around(resources, where.key, player_id, before=before, after=around)
    )
    if rows is not None:
        return mine_of(player_id, rows, around=around)
    async with resources.pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        counted_max = FINAL_COUNTED_MAX if is_final else COUNTED_MAX
        return await _mine(conn, where.key, player_id, around=around, counted_max=counted_max)


async def _mine(conn: Connection, key: SeasonKey, player_id: UUID, *, around: int, counted_max: int) -> Mine:
    standing = (await store.standings_of(conn, key, [player_id])).get(player_id)
    if standing is None:
        return mine_of(player_id, [], around=around)
    ahead = await store.count_ahead(conn, key, standing, limit=counted_max)
    if ahead >= counted_max:
        raise Unavailable("rank_not_counted", "So many are ahead that they are not counted now.", ahead=ahead)
    after = max(0, ahead - max(around, 1))
    rows = _ranked(await store.top(conn, key, limit=ahead - after + 1 + around, after=after), after=after)
    return mine_of(player_id, rows, around=around)


def mine_of(player_id: UUID, rows: list[Ranked], *, around: int) -> Mine:
    """A player among neighbours, at least one of whom is before the player unless nobody is."""
    if not rows:
        return Mine(player_id=player_id, me=None, above=None, around=())
    place = next(nth for nth, each in enumerate(rows) if each.standing.player_id == player_id)
    return Mine(
        player_id=player_id,
        me=rows[place],
        above=rows[place - 1].standing if place else None,
        around=tuple(rows[max(0, place - around) : place + 1 + around]),
    )


def _ranked(standings: list[Standing], *, after: int) -> list[Ranked]:
    return [Ranked(rank=after + nth, standing=each) for nth, each in enumerate(standings, start=1)]


async def _published(resources: Resources, caller: Caller | None, campaign_id: str) -> Published:
    key = (resources.pool, campaign_id)
    found = _recent.get(key) or _recent.put(key, await _stored(resources, campaign_id))
    if caller is not None and caller.brand_id != found.brand_id:
        raise no_such_campaign()
    return found


async def _stored(resources: Resources, campaign_id: str) -> Published:
    async with resources.pool.acquire() as conn:
        brand_id = await brand_of_launched(conn, campaign_id=campaign_id)
        if brand_id is None:
            raise no_such_campaign()
        found = await store.boards_of_campaign(conn, campaign_id=campaign_id)
    return Published(brand_id=brand_id, boards=found)
