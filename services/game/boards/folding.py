"""The step that adds scores up: what has changed of players, on each board that ranks by it.

A standing is always added up anew from all of its scores, so neither their order nor a repeated run changes
it. The row that says what is due is taken first, and whoever scores locks it first: so nothing that is
committed later is missed.
"""

from typing import Final

from game.boards import store
from game.boards.publishing import publish, publish_waiting
from game.resources import Resources

PLAYERS: Final = 500
# What other clocks have told of may lie in a season that has not begun by ours.
AHEAD_MS: Final = 86_400_000


async def fold_scores(resources: Resources) -> int:
    """Add up the next metrics of players that have changed, and publish where they stand; how many."""
    async with resources.pool.acquire() as conn, conn.transaction():
        due = await store.claim_due(conn, limit=PLAYERS)
        changed = await store.fold(conn, due, until_ms=resources.clock() + AHEAD_MS) if due else []
    if not due:
        return await publish_waiting(resources)
    await publish(resources, changed)
    return len(due)
