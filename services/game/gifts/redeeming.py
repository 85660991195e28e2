"""Redeeming: whoever comes first with a gift's code has what is in it, once."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from game.auth import Caller
from game.campaigns.access import launched
from game.db.connection import Connection
from game.gifts import store
from game.gifts.rules import (
    DAY_MS,
    RECEIVED_MAX,
    Gift,
    Portion,
    check_count,
    check_open,
    check_recipient,
    no_such_gift,
)
from game.passcodes import digest_of
from game.players import lock_player, player_id_of
from game.prizes.rewards import Reward, give
from game.resources import Resources


async def redeem(resources: Resources, caller: Caller, *, campaign_id: str, code: str) -> Gift:
    """Receive what a code opens; again, the same answer. NotFound for every code that opens nothing."""
    player_id = await player_id_of(resources, caller)
    if (digest := digest_of(code)) is None:
        raise no_such_gift()
    async with resources.pool.acquire() as conn, conn.transaction():
        campaign = await launched(conn, campaign_id=campaign_id, brand_id=caller.brand_id)
        await lock_player(conn, player_id)
        found = await store.lock_by_code(conn, campaign_id=campaign_id, code_digest=digest)
        if found is not None and found.recipient_id == player_id:
            return found
        now_ms = resources.clock()
        gift = check_recipient(found, player_id, now_ms=now_ms)
        if gift.kind == "chances":
            check_open(campaign.state, closes_ms=campaign.closes_ms, now_ms=now_ms)
        await _check_received(conn, campaign_id=campaign_id, player_id=player_id, now_ms=now_ms)
        taken = msgspec.structs.replace(gift, state="redeemed", recipient_id=player_id, ended_ms=now_ms)
        await _hand_over(conn, resources, taken, campaign_id=campaign_id, player_id=player_id)
    return taken


async def _check_received(conn: Connection, *, campaign_id: str, player_id: UUID, now_ms: int) -> None:
    since_ms = now_ms - DAY_MS
    received = await store.received_since(conn, since_ms, campaign_id=campaign_id, player_id=player_id)
    check_count("gifts_received_per_day", received, RECEIVED_MAX)


async def _hand_over(
    conn: Connection, resources: Resources, taken: Gift, *, campaign_id: str, player_id: UUID
) -> None:
    """Give what is in a gift as rewards, which pay no points: so there is nothing to send."""
    content = await store.content(conn, campaign_id=campaign_id, gift_id=taken.gift_id)
    rewards = _rewards(resources, taken, content, campaign_id=campaign_id, player_id=player_id)
    await give(conn, resources, rewards)
    await store.redeem(conn, taken, campaign_id=campaign_id)


def _rewards(
    resources: Resources, taken: Gift, content: Sequence[Portion], *, campaign_id: str, player_id: UUID
) -> list[Reward]:
    """The badge, or chances for each portion, so that each is good as long as it was."""
    parts = [(each.units, each.expires_ms) for each in content] if taken.kind == "chances" else [(1, None)]
    return [
        Reward(
            campaign_id=campaign_id,
            reward_id=resources.new_id(),
            player_id=player_id,
            source=f"gift:{taken.gift_id.hex}:{nth}",
            kind=taken.kind,
            amount=amount,
            item=taken.badge_id,
            expires_ms=expires_ms,
        )
        for nth, (amount, expires_ms) in enumerate(parts)
    ]
