"""Gifts that nobody has redeemed: what is in them goes back to the giver, as good as it was."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from game.db.connection import Connection
from game.gifts import store
from game.gifts.rules import GiftState
from game.gifts.store import Key
from game.resources import Resources
from game.scores.service import badges_changed

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
            return await give_back(conn, resources, keys, "expired")


async def give_back(conn: Connection, resources: Resources, keys: Sequence[Key], state: GiftState) -> int:
    """End those of the gifts that are open, in the caller's transaction; how many there were."""
    ended = await store.give_back(conn, keys, state, now_ms=resources.clock())
    collectors: defaultdict[str, set[UUID]] = defaultdict(set)
    for each in ended:
        if each.kind == "badge":
            collectors[each.campaign_id].add(each.giver_id)
    for campaign_id, player_ids in sorted(collectors.items()):
        await badges_changed(conn, resources, player_ids, campaign_id=campaign_id)
    return len(ended)
