"""Points that are taken back: asked for in the ledger as far as the player has them; the rest is owed.

A reward that is taken back stays `returning` until the ledger has decided. Each step is one transaction under
the reward's lock, which sees where its operations stand; cut off anywhere, the next one goes on from there.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from game.db.connection import Connection
from game.ledger import service as outbox
from game.ledger.rules import Credit, return_of
from game.prizes import reward_store as store
from game.prizes.reward_rules import REFUSED, Ask, Close, TakenBack, next_step
from game.prizes.reward_store import Key
from game.resources import Resources
from ledger_client import LedgerUnreachable

RETURN_LIMIT: Final = 256
# How soon a reward that waits for the ledger is looked at again.
RETURN_MS: Final = 5_000


class Advanced(msgspec.Struct, frozen=True):
    """How many rewards came on, and the operations that are due from the commit on."""

    rewards: int
    credits: list[Credit]


async def return_points(resources: Resources, *, limit: int = RETURN_LIMIT) -> int:
    """Drive on the rewards that are being taken back; how many came on."""
    now_ms = resources.clock()
    async with resources.pool.acquire() as conn:
        keys = await store.claim_returning(conn, now_ms=now_ms, until_ms=now_ms + RETURN_MS, limit=limit)
        taken = await store.taken_back(conn, keys) if keys else []
    if not taken:
        return 0
    available = await _available(resources, taken)
    async with resources.pool.acquire() as conn, conn.transaction():
        await store.lock_returning(conn, keys)
        advanced = await advance(conn, resources, keys, available=available)
    await outbox.send(resources, advanced.credits)
    return advanced.rewards


async def advance(
    conn: Connection, resources: Resources, keys: Sequence[Key], *, available: Mapping[str, int]
) -> Advanced:
    """Take the next step of each locked reward; `available` are points by account, where they are known."""
    taken = {_key(each): each for each in await store.taken_back(conn, keys)} if keys else {}
    closes: dict[Key, Close] = {}
    asks: dict[Key, Ask] = {}
    for key, each in taken.items():
        match next_step(each, available_points=available.get(each.account)):
            case Close() as close:
                closes[key] = close
            case Ask() as ask:
                asks[key] = ask
    closed = await _close(conn, closes, now_ms=resources.clock())
    credits_due = await _ask(conn, taken, asks, now_ms=resources.clock())
    return Advanced(closed + len(credits_due), credits_due)


async def _available(resources: Resources, taken: Sequence[TakenBack]) -> dict[str, int]:
    """What the players have who had too little; nothing of those that the ledger does not tell of."""
    found: dict[str, int] = {}
    if not resources.ledger.available():
        return found
    for account in sorted({each.account for each in taken if each.returned in REFUSED}):
        try:
            found[account] = (await resources.ledger.account(account)).available
        except LedgerUnreachable:
            break
    return found


async def _close(conn: Connection, closes: Mapping[Key, Close], *, now_ms: int) -> int:
    refused = [(key[0], close.given_up) for key, close in closes.items() if close.given_up]
    let_go = await outbox.give_up(conn, refused, now_ms=now_ms)
    # A refused credit that was issued anew meanwhile is paid after all: its reward is looked at again.
    done = {key: c for key, c in closes.items() if c.given_up is None or (key[0], c.given_up) in let_go}
    await store.close(conn, done, now_ms=now_ms)
    return len(done)


async def _ask(
    conn: Connection, taken: Mapping[Key, TakenBack], asks: Mapping[Key, Ask], *, now_ms: int
) -> list[Credit]:
    credits_due = {key: _return(taken[key], ask) for key, ask in asks.items()}
    first = [credit for credit in credits_due.values() if credit.attempt == 1]
    again = [(refused, c) for key, c in credits_due.items() if (refused := taken[key].returned_id)]
    await store.ask_back(conn, {key: ask.points for key, ask in asks.items()})
    next_attempt_ms = now_ms + outbox.RESEND_AFTER_MS
    await outbox.enqueue(conn, first, next_attempt_ms=next_attempt_ms)
    return [*first, *await outbox.reissue(conn, again, now_ms=now_ms)]


def _return(taken: TakenBack, ask: Ask) -> Credit:
    return return_of(
        campaign_id=taken.campaign_id,
        reward_id=taken.reward_id,
        account=taken.account,
        amount_points=ask.points,
        attempt=taken.attempt + 1,
        ref=taken.source,
    )


def _key(taken: TakenBack) -> Key:
    return taken.campaign_id, taken.reward_id
