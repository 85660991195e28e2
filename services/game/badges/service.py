"""What players make of badges: exchange, conversion, claim of a missing badge, redemption of a full set."""

from collections.abc import Mapping
from uuid import UUID

import msgspec

from game.audit.service import lock_head
from game.auth import Caller
from game.badges import store
from game.badges.defining import no_such_set
from game.badges.rules import (
    Decision,
    Redeem,
    Standing,
    Stock,
    Trade,
    badges_changed,
    decide,
    set_closed,
)
from game.badges.store import Traded
from game.campaigns.access import launched
from game.campaigns.records import Campaign
from game.db.connection import Connection
from game.errors import Invalid
from game.instants import to_ms
from game.ledger.service import Credit, send
from game.players import lock_player, player_id_of
from game.prizes.rewards import Reward, give
from game.resources import Resources
from game.scores.rules import SETS
from game.scores.service import score
from game.scores.store import Score, ScoreKey


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a player wants made of badges of a set; the same `key` does it once."""

    campaign_id: str
    set_id: str
    key: str
    trade: Trade


async def trade(resources: Resources, caller: Caller, asked: Asked) -> Traded:
    """Do a trade, all of it or nothing; the same key gives the same answer."""
    player_id = await player_id_of(resources, caller)
    async with resources.pool.acquire() as conn, conn.transaction():
        campaign = await launched(conn, campaign_id=asked.campaign_id, brand_id=caller.brand_id)
        await lock_player(conn, player_id)
        before = await store.find_trade(
            conn, campaign_id=asked.campaign_id, player_id=player_id, key=asked.key
        )
        if before is not None:
            return _again(before, asked)
        done, credits_due = await _trade(conn, resources, campaign, asked, player_id)
    await send(resources, credits_due)
    return done


async def _trade(
    conn: Connection, resources: Resources, campaign: Campaign, asked: Asked, player_id: UUID
) -> tuple[Traded, list[Credit]]:
    campaign_id, now_ms = asked.campaign_id, resources.clock()
    if isinstance(asked.trade, Redeem):
        # A voucher's code is taken under the log's lock, which comes before the set's.
        await lock_head(conn, campaign_id=campaign_id)
    found = await store.find_set(conn, campaign_id=campaign_id, set_id=asked.set_id, lock=True)
    if found is None:
        raise no_such_set()
    until_ms = to_ms(found.terms.redeem_until)
    if now_ms >= until_ms:
        raise set_closed(until_ms)
    at_hand = await store.at_hand(conn, campaign_id=campaign_id, player_id=player_id)
    draws = await store.draws_of(conn, campaign_id=campaign_id, player_id=player_id)
    claims = await store.claims_of(conn, campaign_id=campaign_id, player_id=player_id)
    standing = _standing(at_hand, draws, claims.get(asked.set_id, 0))
    decision = decide(asked.set_id, found.terms, standing, found.stock, asked.trade)
    await _spend(conn, decision, at_hand, campaign_id=campaign_id)
    if decision.takes is not None:
        left = _less(found.stock, decision)
        await store.save_left(conn, left, campaign_id=campaign_id, set_id=asked.set_id)
    reward = _reward(decision, resources.new_id(), campaign, asked, player_id)
    credits_due = await give(conn, resources, [reward])
    done = _done(decision, reward.reward_id, asked.set_id)
    await store.add_trade(
        conn, done, asked.trade, campaign_id=campaign_id, player_id=player_id, key=asked.key, now_ms=now_ms
    )
    if isinstance(asked.trade, Redeem):
        redeemed = ScoreKey(campaign_id, player_id, SETS, done.trade_id.hex)
        await score(conn, resources, [Score(key=redeemed, amount=1, at_ms=now_ms)])
    return done, credits_due


async def _spend(
    conn: Connection, decision: Decision, at_hand: Mapping[str, list[UUID]], *, campaign_id: str
) -> None:
    """Spend the oldest of each badge."""
    spent = [award for badge, count in decision.spends.items() for award in at_hand[badge][:count]]
    if await store.spend(conn, spent, campaign_id=campaign_id) < len(spent):
        raise badges_changed()


def _again(before: tuple[str, Trade, Traded], asked: Asked) -> Traded:
    set_id, trade_before, done = before
    if (set_id, trade_before) != (asked.set_id, asked.trade):
        raise Invalid("idempotency_mismatch", "This Idempotency-Key was used with another request body.")
    return done


def _standing(at_hand: Mapping[str, list[UUID]], draws: int, claims: int) -> Standing:
    held = {badge: len(awards) for badge, awards in at_hand.items()}
    return Standing(held=held, draws=draws, claims=claims)


def _less(stock: Stock, decision: Decision) -> Stock:
    return Stock(
        prize=stock.prize - (decision.takes == "prize"),
        alternative=stock.alternative - (decision.takes == "alternative"),
        convert=stock.convert - (decision.takes == "convert"),
    )


def _reward(decision: Decision, trade_id: UUID, campaign: Campaign, asked: Asked, player_id: UUID) -> Reward:
    """What a trade gives; chances are good as long as the campaign is open."""
    gives = decision.gives
    return Reward(
        campaign_id=campaign.campaign_id,
        reward_id=trade_id,
        player_id=player_id,
        source=f"set:{asked.set_id}:{trade_id.hex}",
        kind=gives.kind,
        amount=gives.amount,
        item=gives.item,
        expires_ms=campaign.closes_ms if gives.kind == "chances" else None,
    )


def _done(decision: Decision, trade_id: UUID, set_id: str) -> Traded:
    gives = decision.gives
    return Traded(
        trade_id=trade_id,
        set_id=set_id,
        spent=dict(decision.spends),
        kind=gives.kind,
        amount=gives.amount,
        item=gives.item,
        is_alternative=decision.takes == "alternative",
    )
