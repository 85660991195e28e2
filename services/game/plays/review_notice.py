"""Telling a brand of plays that came to wait for a person, whatever brought them there."""

from typing import Final

from game.ids import wire_id
from game.plays import review_store
from game.resources import Resources
from game.webhooks.out.outbox import Message, tell

NOTICES_MAX: Final = 100


async def tell_of_reviews(resources: Resources) -> int:
    """Tell once of each play that is in review; of how many this time."""
    async with resources.pool.acquire() as conn, conn.transaction():
        await review_store.forget_told(conn, limit=NOTICES_MAX)
        found = await review_store.newly_in_review(conn, limit=NOTICES_MAX)
        messages = [
            Message(
                campaign_id=each.campaign_id,
                type="play.review",
                player_id=each.player_id,
                data={"play": wire_id(each.campaign_id, each.play_id), "pool": each.pool_id},
            )
            for each in found
        ]
        await tell(conn, resources, messages)
    return len(found)
