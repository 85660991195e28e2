"""Gifts that nobody has redeemed: what is in them goes back to the giver, as good as it was."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from game.db.connection import Connection
from game.gifts import store
from game.gifts.rules import GiftState
from game.resources import Resources
from game.scores.service import badges_changed

EXPIRE_LIMIT: Final = 256
# How soon gifts are looked at again whose process has died.
EXPIRE_MS: Final = 5_000


async def expire_gifts(resources: Resources, *, limit: int = EXPIRE_LIMIT) -> int:
    """End gifts whose time is over, each campaign's in a transaction; how many there were."""
    now_ms, done = resources.clock(), 0
    async with resources.pool.acquire() as conn:
        due = await store.claim_expired(conn, now_ms=now_ms, until_ms=now_ms + EXPIRE_MS, limit=limit)
        for campaign_id, gift_ids in due.items():
            async with conn.transaction():
                done += await give_back(conn, resources, gift_ids, "expired", campaign_id=campaign_id)
    return done


async def give_back(
    conn: Connection, resources: Resources, gift_ids: Sequence[UUID], state: GiftState, *, campaign_id: str
) -> int:
    """End those of the gifts that are open, in the caller's transaction; how many there were."""
    now_ms = resources.clock()
    ended = await store.give_back(conn, gift_ids, state, campaign_id=campaign_id, now_ms=now_ms)
    collectors = {each.giver_id for each in ended if each.kind == "badge"}
    await badges_changed(conn, resources, collectors, campaign_id=campaign_id)
    return len(ended)
