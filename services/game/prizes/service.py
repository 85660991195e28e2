"""What was won: granted with the draw, then paid, shown and redeemed."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from game.auth import Caller
from game.db.connection import Connection
from game.errors import NotFound
from game.ids import parse_cursor, parse_wire_id, wire_id
from game.ledger import service as outbox
from game.ledger.service import Credit, credit_of
from game.players import player_id_of
from game.prizes import store
from game.prizes.awards import awarded
from game.prizes.codes import give_codes
from game.prizes.rules import Grant, Won, prize_taken_back, refusal
from game.prizes.store import Award, ChanceLot, Wanted, grant_row
from game.resources import Resources
from game.webhooks.out.outbox import Message, tell

__all__ = [
    "Won",
    "credits_of",
    "find",
    "grant",
    "grant_row",
    "inbox",
    "is_granted_alone",
    "prizes_of",
    "redeem",
]


async def grant(conn: Connection, resources: Resources, won: Sequence[Won]) -> list[Credit]:
    """Grant what draws won, in the transaction that logs them and under the locks of their logs.

    Answers the credits that are due from the commit on. A batch without codes stops no draw.
    """
    prizes = prizes_of(won)
    if not prizes:
        return []
    now_ms = resources.clock()
    await store.add_grants(conn, prizes, now_ms=now_ms)
    awards = await _hand_out(conn, resources, prizes, now_ms=now_ms)
    winners = {w.player_id for w in prizes if w.prize.kind == "points"}
    credits_due = credits_of(prizes, await store.accounts(conn, winners) if winners else {})
    await outbox.enqueue(conn, credits_due, next_attempt_ms=now_ms + outbox.RESEND_AFTER_MS)
    await tell(conn, resources, [*map(_told, prizes), *map(awarded, awards)])
    return credits_due


async def inbox(
    resources: Resources, caller: Caller, *, campaign_id: str, before: str | None, limit: int
) -> list[Grant]:
    """The caller's prizes in a campaign, newest first; those under covered tickets are not among them."""
    start = parse_cursor(before, campaign_id=campaign_id)
    player_id = await player_id_of(resources, caller)
    async with resources.pool.acquire() as conn:
        return await store.inbox(
            conn, campaign_id=campaign_id, player_id=player_id, before=start, limit=limit
        )


async def find(resources: Resources, caller: Caller, wire_id: str) -> Grant:
    """A prize of the caller's own; NotFound for anybody else's, and for one under a covered ticket."""
    player_id = await player_id_of(resources, caller)
    place = parse_wire_id(wire_id)
    if place is None:
        raise _no_such_prize()
    async with resources.pool.acquire() as conn:
        found = await store.read_grant(conn, campaign_id=place[0], grant_id=place[1])
    if found is None or found.player_id != player_id or found.is_covered:
        raise _no_such_prize()
    return found


async def redeem(resources: Resources, caller: Caller, wire_id: str) -> Grant:
    """Reveal a voucher's code to its owner; asking again gives the same answer. Conflict for other kinds."""
    found = await find(resources, caller, wire_id)
    if (reason := refusal(found)) is not None:
        raise reason
    async with resources.pool.acquire() as conn:
        redeemed_ms = await store.redeem(
            conn, campaign_id=found.campaign_id, grant_id=found.grant_id, now_ms=resources.clock()
        )
    if redeemed_ms is None:
        raise prize_taken_back()
    return msgspec.structs.replace(found, redeemed_ms=redeemed_ms)


async def _hand_out(
    conn: Connection, resources: Resources, won: Sequence[Won], *, now_ms: int
) -> list[Award]:
    """Give codes, chances and badges; the badges."""
    await give_codes(
        conn,
        [
            Wanted(
                campaign_id=w.campaign_id,
                grant_id=w.grant_id,
                reward_id=None,
                voucher_batch=w.prize.voucher_batch,
            )
            for w in won
            if w.prize.voucher_batch is not None
        ],
    )
    lots = [
        ChanceLot(w.campaign_id, resources.new_id(), w.player_id, _source(w), w.prize.amount, w.closes_ms)
        for w in won
        if w.prize.kind == "chances"
    ]
    await store.add_lots(conn, lots)
    awards = [
        Award(w.campaign_id, w.grant_id, w.player_id, w.prize.badge.badge_id, _source(w))
        for w in won
        if w.prize.badge is not None
    ]
    await store.add_awards(conn, awards, now_ms=now_ms)
    return awards


def _source(won: Won) -> str:
    return f"draw:{won.entry_index}"


def prizes_of(won: Sequence[Won]) -> list[Won]:
    """What is granted of what draws won: nothing is no prize."""
    return [w for w in won if w.prize.kind != "nothing"]


def is_granted_alone(prize: Won) -> bool:
    """Whether all that a prize needs is its row, and its credit if it is points."""
    return prize.prize.kind in ("points", "goods")


def credits_of(prizes: Sequence[Won], accounts: Mapping[UUID, str]) -> list[Credit]:
    """The credits of those prizes that are points, to the accounts of their players."""
    return [
        credit_of(
            campaign_id=w.campaign_id,
            play_id=w.play_id,
            entry_index=w.entry_index,
            account=accounts[w.player_id],
            amount_points=w.prize.amount,
        )
        for w in prizes
        if w.prize.kind == "points"
    ]


def _told(won: Won) -> Message:
    return Message(
        campaign_id=won.campaign_id,
        type="prize.won",
        player_id=won.player_id,
        data={
            "prize": wire_id(won.campaign_id, won.grant_id),
            "play": wire_id(won.campaign_id, won.play_id),
            "pool": won.pool_id,
            "row": won.prize.row_id,
            "kind": won.prize.kind,
            "amount": won.prize.amount,
        },
    )


def _no_such_prize() -> NotFound:
    return NotFound("prize_not_found", "There is no such prize of yours.")
