"""Scoring: what happened counts from its own transaction on, where a board of its campaign wants it.

Campaigns without boards pay for it with one lookup per process. Draws do not even do that: their log is
followed (`following.py`).
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Final
from uuid import UUID

import asyncpg

from game.db.connection import Connection
from game.recent import Recent
from game.resources import Resources
from game.scores import store
from game.scores.rules import BADGES, DRAWS, POINTS, Wanted
from game.scores.store import LoggedDraw, Score, ScoreKey

WANTED_KEPT: Final = 2_000

_recent: "Recent[tuple[asyncpg.Pool[asyncpg.Record], str], Wanted]" = Recent(limit=WANTED_KEPT)


async def wanted(conn: Connection, resources: Resources, campaign_id: str) -> Wanted:
    """What the boards of a campaign rank by; of a launched one that never changes, and is kept."""
    key = (resources.pool, campaign_id)
    if (known := _recent.get(key)) is not None:
        return known
    found, is_final = await store.wanted(conn, campaign_id=campaign_id)
    return _recent.put(key, found) if is_final else found


async def score(conn: Connection, resources: Resources, scores: Sequence[Score]) -> None:
    """Count something, in the caller's transaction: again with the same key, it counts as it says now."""
    kept = [each for each in scores if await _is_kept(conn, resources, each.key)]
    if kept:
        await _mark(conn, [each.key for each in kept])
        await store.put(conn, kept)


async def forget(conn: Connection, resources: Resources, keys: Sequence[ScoreKey]) -> None:
    """Let something count no more, in the caller's transaction."""
    kept = [key for key in keys if await _is_kept(conn, resources, key)]
    if kept:
        await _mark(conn, kept)
        await store.remove(conn, kept)


async def badges_changed(
    conn: Connection, resources: Resources, player_ids: Collection[UUID], *, campaign_id: str
) -> None:
    """Count the badges of players anew, whose awards the caller's transaction has changed."""
    if player_ids and BADGES in (await wanted(conn, resources, campaign_id)).ranked:
        await store.mark(conn, {(campaign_id, BADGES, player_id) for player_id in player_ids})
        await store.put_badges(conn, player_ids, campaign_id=campaign_id)


async def uncovered(
    conn: Connection, resources: Resources, entry_indexes: Sequence[int], *, campaign_id: str
) -> None:
    """Count what lay under tickets that the caller's transaction uncovers."""
    found = await wanted(conn, resources, campaign_id)
    if entry_indexes and found.ranked & {POINTS, BADGES}:
        draws = await store.uncovered_draws(conn, entry_indexes, campaign_id=campaign_id)
        await won(conn, resources, draws, campaign_id=campaign_id)


async def won(
    conn: Connection, resources: Resources, draws: Sequence[LoggedDraw], *, campaign_id: str
) -> None:
    """Count what draws have won."""
    points = [(each, each.points) for each in draws if each.points is not None]
    await score(conn, resources, [_score(campaign_id, POINTS, each, amount) for each, amount in points])
    winners = {each.player_id for each in draws if each.is_badge}
    await badges_changed(conn, resources, winners, campaign_id=campaign_id)


async def made(
    conn: Connection, resources: Resources, draws: Sequence[LoggedDraw], *, campaign_id: str
) -> None:
    """Count draws themselves."""
    await score(conn, resources, [_score(campaign_id, DRAWS, each, 1) for each in draws])


def _score(campaign_id: str, metric: str, draw: LoggedDraw, amount: int) -> Score:
    key = ScoreKey(campaign_id, draw.player_id, metric, str(draw.entry_index))
    return Score(key=key, amount=amount, at_ms=draw.at_ms)


async def _is_kept(conn: Connection, resources: Resources, key: ScoreKey) -> bool:
    return (await wanted(conn, resources, key.campaign_id)).keeps(key.metric)


async def _mark(conn: Connection, keys: Iterable[ScoreKey]) -> None:
    await store.mark(conn, {(key.campaign_id, key.metric, key.player_id) for key in keys})
