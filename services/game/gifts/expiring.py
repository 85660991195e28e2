"""Gifts that nobody redeemed in time: what is in them goes back to the giver, as good as it was."""

from typing import Final

from game.gifts import store
from game.resources import Resources

EXPIRE_LIMIT: Final = 256
# How soon gifts are looked at again whose process has died.
EXPIRE_MS: Final = 5_000


async def expire_gifts(resources: Resources, *, limit: int = EXPIRE_LIMIT) -> int:
    """End gifts whose time is over; how many there were."""
    now_ms = resources.clock()
    async with resources.pool.acquire() as conn:
        keys = await store.claim_expired(conn, now_ms=now_ms, until_ms=now_ms + EXPIRE_MS, limit=limit)
        if not keys:
            return 0
        async with conn.transaction():
            return await store.give_back(conn, keys, "expired", now_ms=now_ms)
