"""The step that counts draws: it follows the log, so that the hot path pays nothing for boards.

Entries are committed with their draws under the lock of the log's head, one index after the other: what
stands below the size is all there. Later tickets are uncovered, and whoever uncovers them tells of it.
"""

from typing import Final

from game.resources import Resources
from game.scores import service, store

ENTRIES: Final = 1_000


async def follow_logs(resources: Resources) -> int:
    """Count the next draws of one log; how many entries were looked at."""
    async with resources.pool.acquire() as conn, conn.transaction():
        stretch = await store.claim_log(conn, limit=ENTRIES)
        if stretch is None:
            return 0
        draws = await store.draws_in_log(conn, stretch)
        await service.made(conn, resources, draws, campaign_id=stretch.campaign_id)
        await service.won(conn, resources, draws, campaign_id=stretch.campaign_id)
        await store.followed(conn, stretch, now_ms=resources.clock())
    return stretch.until_index - stretch.next_index
