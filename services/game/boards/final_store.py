"""The rows of seasons that are over: frozen rankings, and rewards that are due."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from game.boards.drafts import BoardDraft
from game.boards.rules import Ranked, Result, Standing
from game.boards.store import SeasonKey
from game.db.connection import Connection
from game.db.statements import columns, load

_SQL = load("game.boards")
_draft = msgspec.json.Decoder(BoardDraft)


class Rewardable(msgspec.Struct, frozen=True, kw_only=True):
    """A final rank that is due a reward."""

    rank: int
    player_id: UUID


async def seasons_over(conn: Connection, *, now_ms: int, limit: int) -> list[SeasonKey]:
    """Some of the seasons whose grace is over and that are not frozen, however long ago they ended."""
    return [SeasonKey(*row) for row in await conn.fetch(_SQL.seasons_over, now_ms, limit)]


async def lock_season(conn: Connection, key: SeasonKey) -> BoardDraft | None:
    """Keep all else from a season that is not frozen; its board. None: it is frozen, or somebody is at it."""
    row = await conn.fetchrow(_SQL.lock_season, *key.parts)
    return None if row is None else _draft.decode(row["draft"])


async def waits_for(conn: Connection, key: SeasonKey, *, now_ms: int, due_max: int, patience_ms: int) -> str:
    """What a season that is over still waits for; empty: nothing."""
    return str(await conn.fetchval(_SQL.waits_for, *key.parts, now_ms, due_max, patience_ms))


async def add_up_season(conn: Connection, key: SeasonKey) -> None:
    """Add up whatever is due in a locked season."""
    await conn.execute(_SQL.add_up_season, *key.parts)


async def freeze(conn: Connection, key: SeasonKey, results: Sequence[Result], *, now_ms: int) -> None:
    """Freeze a locked season with its results; one without a reward is done with that."""
    rows = [
        (r.ranked.rank, s.player_id, s.score, s.reached_ms, r.is_due)
        for r in results
        for s in [r.ranked.standing]
    ]
    await conn.execute(_SQL.add_results, *key.parts, *columns(rows, 5))
    is_done = not any(each.is_due for each in results)
    await conn.execute(_SQL.freeze, *key.parts, now_ms, now_ms if is_done else None)


async def claim_unrewarded(conn: Connection) -> tuple[SeasonKey, BoardDraft] | None:
    """Some frozen season whose rewards are not all given, locked, and its board; None: others are at all."""
    row = await conn.fetchrow(_SQL.claim_unrewarded)
    if row is None:
        return None
    key = SeasonKey(row["campaign_id"], row["board_id"], row["season"])
    return key, _draft.decode(row["draft"])


async def rewardable(conn: Connection, key: SeasonKey, *, limit: int) -> list[Rewardable]:
    """The next ranks of a locked season that were not given their rewards."""
    return [Rewardable(**row) for row in await conn.fetch(_SQL.rewardable, *key.parts, limit)]


async def rewarded(conn: Connection, key: SeasonKey, ranks: Sequence[int], *, now_ms: int) -> None:
    """Note that ranks of a locked season were given their rewards; the season is done after the last."""
    await conn.execute(_SQL.rewarded, *key.parts, ranks, now_ms)
    await conn.execute(_SQL.season_rewarded, *key.parts, now_ms)


async def frozen_ms_of(conn: Connection, key: SeasonKey) -> int | None:
    """When a season was frozen; None: it is not."""
    frozen_ms = await conn.fetchval(_SQL.frozen_ms, *key.parts)
    return None if frozen_ms is None else int(frozen_ms)


async def results_of(conn: Connection, key: SeasonKey, *, limit: int) -> list[Ranked]:
    """The first final ranks of a frozen season."""
    return [
        Ranked(
            rank=row["rank"],
            standing=Standing(player_id=row["player_id"], score=row["score"], reached_ms=row["reached_ms"]),
        )
        for row in await conn.fetch(_SQL.results_of, *key.parts, limit)
    ]
