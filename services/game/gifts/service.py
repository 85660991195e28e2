"""How the gifts of a player stand, and taking back one that nobody has redeemed."""

from uuid import UUID

import msgspec

from game.auth import Caller
from game.campaigns.access import launched
from game.gifts import store
from game.gifts.returning import give_back
from game.gifts.rules import Gift, ended, no_such_gift
from game.players import player_id_of
from game.resources import Resources

LISTED_MAX = 50


class Gifts(msgspec.Struct, frozen=True, kw_only=True):
    """The newest gifts that a player has given and received."""

    given: list[Gift]
    received: list[Gift]


async def gifts(resources: Resources, caller: Caller, *, campaign_id: str) -> Gifts:
    """The gifts of a player in a launched campaign. NotFound."""
    player_id = await player_id_of(resources, caller)
    async with resources.pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        await launched(conn, campaign_id=campaign_id, brand_id=caller.brand_id)
        given = await store.given_by(conn, campaign_id=campaign_id, player_id=player_id, limit=LISTED_MAX)
        received = await store.received_by(
            conn, campaign_id=campaign_id, player_id=player_id, limit=LISTED_MAX
        )
    return Gifts(given=given, received=received)


async def cancel(resources: Resources, caller: Caller, *, campaign_id: str, gift_id: UUID) -> Gift:
    """Take back a gift that is open; what is in it is the giver's again. Conflict `gift_state`, NotFound."""
    player_id = await player_id_of(resources, caller)
    async with resources.pool.acquire() as conn, conn.transaction():
        await launched(conn, campaign_id=campaign_id, brand_id=caller.brand_id)
        if await store.find_own(conn, campaign_id=campaign_id, giver_id=player_id, gift_id=gift_id) is None:
            raise no_such_gift()
        await give_back(conn, resources, [gift_id], "cancelled", campaign_id=campaign_id)
        gift = await store.find_own(conn, campaign_id=campaign_id, giver_id=player_id, gift_id=gift_id)
    assert gift is not None, "gifts are never removed"
    if gift.state != "cancelled":
        raise ended(gift)
    return gift
