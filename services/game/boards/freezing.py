"""The step that ends seasons: a season whose grace is over is frozen, however long ago that was.

It looks at what is stored, so a season that ended while nothing ran is found like any other. What came in
time is waited for: draws that are not counted yet, events that are not processed yet. Once frozen, nothing
that is told or taken back changes a season.
"""

from typing import Final

import structlog

from game.boards import final_store, ladder, store
from game.boards.rules import kept_ranks, results
from game.boards.store import SeasonKey
from game.resources import Resources

SEASONS: Final = 100
# What may be due of a metric while its season is frozen: it is added up in the same transaction.
DUE_MAX: Final = 2_000
# How long the last season waits for plays that are not finished.
PATIENCE_MS: Final = 7 * 86_400_000

log = structlog.get_logger()


async def freeze_seasons(resources: Resources) -> int:
    """Freeze seasons that are over; how many."""
    async with resources.pool.acquire() as conn:
        keys = await final_store.seasons_over(conn, now_ms=resources.clock(), limit=SEASONS)
    return sum([await _freeze_alone(resources, key) for key in keys])


async def _freeze_alone(resources: Resources, key: SeasonKey) -> bool:
    try:
        return await _freeze(resources, key)
    except Exception:  # one season's trouble is not the others'; it is tried again
        log.exception("season.not_frozen", campaign_id=key.campaign_id, board_id=key.board_id)
        return False


async def _freeze(resources: Resources, key: SeasonKey) -> bool:
    now_ms = resources.clock()
    async with resources.pool.acquire() as conn, conn.transaction():
        draft = await final_store.lock_season(conn, key)
        if draft is None or await final_store.waits_for(
            conn, key, now_ms=now_ms, due_max=DUE_MAX, patience_ms=PATIENCE_MS
        ):
            return False
        await final_store.add_up_season(conn, key)
        first = await store.top(conn, key, limit=kept_ranks(draft), after=0)
        await final_store.freeze(conn, key, results(draft, first), now_ms=now_ms)
    await ladder.drop(resources, key)
    log.info("season.frozen", campaign_id=key.campaign_id, board_id=key.board_id, season=key.season)
    return True
