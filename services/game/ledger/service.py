"""The outbox: point prizes leave at once, and are sent again for as long as it takes."""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from game.db.connection import Connection
from game.ledger import store
from game.ledger.rules import Credit, credit_of
from game.resources import Resources
from ledger_client import Applied, Lane, LedgerBug, Outcome, Rejected, Unknown

__all__ = ["RESEND_AFTER_MS", "Credit", "credit_of", "enqueue", "give_up", "reissue", "resend_due", "send"]

# Longer than a send may take, so that a credit is not taken up while its first sender still waits.
RESEND_AFTER_MS: Final = 30_000
SEND_SECONDS: Final = 10.0
CLAIM_LIMIT: Final = 256
IN_FLIGHT_LIMIT: Final = 512

log = structlog.get_logger()


async def enqueue(conn: Connection, credits_due: Sequence[Credit], *, next_attempt_ms: int) -> None:
    """Owe these credits from the caller's commit on; the sweeper takes them up from `next_attempt_ms` on."""
    if credits_due:
        await store.enqueue(conn, credits_due, next_attempt_ms=next_attempt_ms)


async def reissue(conn: Connection, anew: Sequence[tuple[str, Credit]], *, now_ms: int) -> list[Credit]:
    """Let refused credits (their ids) go on as others; those that no other process was faster with."""
    if not anew:
        return []
    return await store.reissue(conn, anew, now_ms=now_ms, next_attempt_ms=now_ms + RESEND_AFTER_MS)


async def give_up(
    conn: Connection, refused: Sequence[tuple[str, str]], *, now_ms: int
) -> set[tuple[str, str]]:
    """Let refused credits of rewards go, which nobody is owed any more; those that had not gone on.

    Both are pairs of a campaign and an operation.
    """
    return await store.give_up(conn, refused, now_ms=now_ms) if refused else set()


async def send(resources: Resources, credits_due: Sequence[Credit]) -> int:
    """Send committed credits and record what became of them; how many were decided.

    Whatever is unknown stays due: a ledger that cannot be reached is no error here. A refusal for good is:
    somebody has to fund the budget, and then it is issued anew (`ledger/reissue.py`).
    """
    starts = range(0, len(credits_due), IN_FLIGHT_LIMIT)
    parts = (credits_due[start : start + IN_FLIGHT_LIMIT] for start in starts)
    return sum([await _send_together(resources, part) for part in parts])


async def resend_due(resources: Resources, *, limit: int = CLAIM_LIMIT) -> int:
    """Send credits whose turn has come; how many of them were decided: none while the ledger is away."""
    if not resources.ledger.available():
        return 0
    now_ms = resources.clock()
    async with resources.pool.acquire() as conn:
        due = await store.claim_due(conn, now_ms=now_ms, until_ms=now_ms + RESEND_AFTER_MS, limit=limit)
    return await send(resources, due)


async def _send_together(resources: Resources, credits_due: Sequence[Credit]) -> int:
    outcomes = await asyncio.gather(*(_apply(resources, credit) for credit in credits_due))
    sent = list(zip(credits_due, outcomes, strict=True))
    decided = [(credit, outcome) for credit, outcome in sent if not isinstance(outcome, Unknown | LedgerBug)]
    if decided:
        async with resources.pool.acquire() as conn:
            await store.record(conn, decided, now_ms=resources.clock())
    for credit, outcome in sent:
        _tell(credit, outcome)
    return len(decided)


async def _apply(resources: Resources, credit: Credit) -> Outcome | LedgerBug:
    try:
        return await resources.ledger.apply(
            operation_id=credit.operation_id,
            body=credit.body,
            lane=Lane.BULK,
            subject=credit.subject,
            deadline=asyncio.get_running_loop().time() + SEND_SECONDS,
        )
    except LedgerBug as bug:  # one that the ledger cannot read must not hold up its neighbours' results
        return bug


def _tell(credit: Credit, outcome: Outcome | LedgerBug) -> None:
    if credit.kind == "return" and isinstance(outcome, Rejected):
        return  # the player has spent the points: what is missing is owed
    if not isinstance(outcome, Applied | Unknown):
        log.error(
            "credit.refused",
            campaign_id=credit.campaign_id,
            operation_id=credit.operation_id,
            outcome=repr(outcome),
        )
