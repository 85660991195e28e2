"""Rankings in Redis, built anew from PostgreSQL where they may have lost something, and compared with it."""

from itertools import zip_longest
from typing import Final
from uuid import UUID

import msgspec
import structlog

from game.boards import ladder, store
from game.boards.final_store import frozen_ms_of
from game.boards.rules import Ranked
from game.boards.store import SeasonKey
from game.resources import Resources

SEASONS: Final = 200
PAGE: Final = 1_000
BUILDER_BYTES: Final = 16
_NOBODY: Final = UUID(int=0)

log = structlog.get_logger()


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """A season of which so many ranks were compared; `different` is None where Redis does not know it now."""

    key: SeasonKey
    ranks: int
    different: int | None


async def mend_boards(resources: Resources) -> int:
    """Build anew what may have lost something among open seasons; how many were built."""
    async with resources.pool.acquire() as conn:
        keys = await store.open_seasons(conn, now_ms=resources.clock(), limit=SEASONS)
    return sum([await _mend(resources, key) for key in keys])


async def rebuild(resources: Resources, key: SeasonKey) -> bool:
    """Build a ranking anew beside the old one and put it into its place; False: somebody else does.

    What is published meanwhile is refused by the old one, waits in PostgreSQL, and follows afterwards.
    """
    builder = resources.entropy(BUILDER_BYTES).hex()
    if not await ladder.begin(resources, key, builder):
        return False
    after = _NOBODY
    while True:
        async with resources.pool.acquire() as conn:
            page = await store.standings_after(conn, key, after=after, limit=PAGE)
        if not page:
            break
        if not await ladder.fill(resources, key, builder, page):
            return False
        after = page[-1].player_id
    is_done = await ladder.swap(resources, key, builder)
    async with resources.pool.acquire() as conn:
        if await frozen_ms_of(conn, key) is not None:
            await ladder.drop(resources, key)
    log.info("board.rebuilt", campaign_id=key.campaign_id, board_id=key.board_id, is_done=is_done)
    return is_done


async def compare(resources: Resources, key: SeasonKey) -> Compared:
    """Compare a ranking rank by rank; changes that are under way show as differences."""
    compared, different, last = 0, 0, None
    while True:
        async with resources.pool.acquire() as conn:
            truth = await store.ranked_after(conn, key, after=last, limit=PAGE)
        told = await ladder.ranks(resources, key, after=compared, limit=PAGE)
        if told is None:
            return Compared(key=key, ranks=compared, different=None)
        wanted = [Ranked(rank=compared + nth, standing=each) for nth, each in enumerate(truth, start=1)]
        different += sum(1 for pair in zip_longest(wanted, told) if pair[0] != pair[1])
        compared += len(truth)
        if len(truth) < PAGE:
            return Compared(key=key, ranks=compared, different=different)
        last = truth[-1]


async def _mend(resources: Resources, key: SeasonKey) -> bool:
    return await ladder.ranks(resources, key, after=0, limit=1) is None and await rebuild(resources, key)
