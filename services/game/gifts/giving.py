"""Giving: what is in a gift leaves its giver at once, and a code opens it."""

from uuid import UUID

import msgspec

from game.auth import Caller
from game.badges.giving import spare_badge
from game.campaigns.access import launched
from game.campaigns.records import Campaign
from game.db.connection import Connection
from game.errors import Invalid
from game.gifts import store
from game.gifts.rules import (
    DAY_MS,
    GIVEN_MAX,
    Gift,
    Give,
    GiveBadge,
    GiveChances,
    check_count,
    check_open,
    opened,
    portions,
)
from game.gifts.store import New, Stored
from game.passcodes import CODE_BYTES, digest_of, new_code
from game.players import lock_player, player_id_of
from game.resources import Resources


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a player wants to give; the same `key` gives it once."""

    campaign_id: str
    key: str
    give: Give


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A gift and the code that opens it, for the giver's eyes alone."""

    gift: Gift
    code: str


async def give(resources: Resources, caller: Caller, asked: Asked) -> Made:
    """Put something into a gift; the same key answers with the same gift and code."""
    player_id, campaign_id = await player_id_of(resources, caller), asked.campaign_id
    async with resources.pool.acquire() as conn, conn.transaction():
        campaign = await launched(conn, campaign_id=campaign_id, brand_id=caller.brand_id)
        await lock_player(conn, player_id)
        before = await store.find_by_key(conn, campaign_id=campaign_id, giver_id=player_id, key=asked.key)
        if before is not None:
            return _again(resources, before, asked)
        since_ms = resources.clock() - DAY_MS
        given = await store.given_since(conn, since_ms, campaign_id=campaign_id, player_id=player_id)
        check_count("gifts_given_per_day", given, GIVEN_MAX)
        match asked.give:
            case GiveChances() as chances:
                return await _chances(conn, resources, campaign, asked, chances, player_id)
            case GiveBadge() as badge:
                return await _badge(conn, resources, asked, badge, player_id)


async def _chances(
    conn: Connection,
    resources: Resources,
    campaign: Campaign,
    asked: Asked,
    chances: GiveChances,
    player_id: UUID,
) -> Made:
    now_ms, campaign_id = resources.clock(), asked.campaign_id
    check_open(campaign.state, closes_ms=campaign.closes_ms, now_ms=now_ms)
    # Each lot has one unit at least.
    lots = await store.lock_lots(
        conn, campaign_id=campaign_id, player_id=player_id, now_ms=now_ms, limit=chances.amount
    )
    content = portions(lots, chances.amount)
    until_ms = min(campaign.closes_ms, content[0].expires_ms)
    gift = opened(resources.new_id(), player_id, chances, now_ms=now_ms, until_ms=until_ms)
    made = await _store(conn, resources, asked, gift, award_id=None)
    await store.put_in(conn, content, campaign_id=campaign_id, gift_id=gift.gift_id)
    return made


async def _badge(
    conn: Connection, resources: Resources, asked: Asked, badge: GiveBadge, player_id: UUID
) -> Made:
    now_ms = resources.clock()
    spared = await spare_badge(
        conn, campaign_id=asked.campaign_id, player_id=player_id, badge_id=badge.badge, now_ms=now_ms
    )
    gift = opened(resources.new_id(), player_id, badge, now_ms=now_ms, until_ms=spared.until_ms)
    return await _store(conn, resources, asked, gift, award_id=spared.award_id)


async def _store(
    conn: Connection, resources: Resources, asked: Asked, gift: Gift, *, award_id: UUID | None
) -> Made:
    """Store a gift under a code of its own."""
    code = new_code(resources.entropy(CODE_BYTES))
    digest = digest_of(code)
    assert digest is not None, "what is made here can be read here"
    new = New(
        gift=gift,
        key=asked.key,
        asked=asked.give,
        award_id=award_id,
        code_digest=digest,
        code_sealed=resources.seal(code.encode(), code_purpose(asked.campaign_id, gift.gift_id)),
    )
    await store.add_gift(conn, new, campaign_id=asked.campaign_id)
    return Made(gift=gift, code=code)


def _again(resources: Resources, before: Stored, asked: Asked) -> Made:
    if before.asked != asked.give:
        raise Invalid("idempotency_mismatch", "This Idempotency-Key was used with another request body.")
    purpose = code_purpose(asked.campaign_id, before.gift.gift_id)
    code = resources.vault.open(before.code_sealed, purpose=purpose).decode()
    return Made(gift=before.gift, code=code)


def code_purpose(campaign_id: str, gift_id: UUID) -> str:
    """What the sealed code of a gift is bound to."""
    return f"gift:{campaign_id}:{gift_id.hex}"
