"""Spare badges that leave their player for a gift, where the policy of their set has that."""

from uuid import UUID

import msgspec

from game.badges import store
from game.badges.rules import Standing, badges_changed, check_gift, not_offered, set_closed
from game.db.connection import Connection
from game.instants import to_ms


class Spared(msgspec.Struct, frozen=True):
    """A badge that is its player's no more, and until when the badges of its set can be used."""

    award_id: UUID
    until_ms: int


async def spare_badge(
    conn: Connection, *, campaign_id: str, player_id: UUID, badge_id: str, now_ms: int
) -> Spared:
    """Take the newest of a spare badge from a locked player, in the caller's transaction.

    The older ones say since when the player has had it, on boards too.

    Conflict `not_offered` (also for a badge that is in no set), `set_closed`, `not_spare`, `badges_changed`.
    """
    sets = (await store.sets_of_campaign(conn, campaign_id=campaign_id)).values()
    terms = next((each.terms for each in sets if badge_id in each.terms.badges), None)
    if terms is None:
        raise not_offered("gift")
    until_ms = to_ms(terms.redeem_until)
    if now_ms >= until_ms:
        raise set_closed(until_ms)
    at_hand = await store.at_hand(conn, campaign_id=campaign_id, player_id=player_id)
    held = {badge: len(awards) for badge, awards in at_hand.items()}
    check_gift(terms, Standing(held=held, draws=0, claims=0), badge_id)
    award_id = at_hand[badge_id][-1]
    if not await store.give_away(conn, award_id, campaign_id=campaign_id):
        raise badges_changed()
    return Spared(award_id, until_ms)
