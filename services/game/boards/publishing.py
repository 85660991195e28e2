"""Telling Redis where players stand: after the commit, and again until it has taken it."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from game.boards import ladder, store
from game.boards.store import Changed, SeasonKey
from game.resources import Resources

CHANGES: Final = 500


async def publish(resources: Resources, changed: Sequence[Changed]) -> int:
    """Publish standings; how many were taken. The others stay unpublished."""
    seasons: defaultdict[SeasonKey, list[Changed]] = defaultdict(list)
    for each in changed:
        seasons[each.key].append(each)
    taken: list[Changed] = []
    for key, theirs in seasons.items():
        for start in range(0, len(theirs), CHANGES):
            part = theirs[start : start + CHANGES]
            if await ladder.publish(resources, key, part):
                taken += part
    if taken:
        async with resources.pool.acquire() as conn:
            await store.mark_published(conn, taken)
    return len(taken)


async def publish_waiting(resources: Resources) -> int:
    """Publish what nobody has published, since a process died or Redis was away; how many were taken."""
    async with resources.pool.acquire() as conn:
        waiting = await store.unpublished(conn, limit=CHANGES)
    return await publish(resources, waiting)
