"""Charging: the stored bytes of a debit are sent, and once their time is over the ledger decides."""

import asyncio

import msgspec
import structlog

from game.resources import Resources
from ledger_client import (
    Expired,
    Fenced,
    Lane,
    LedgerBug,
    Outcome,
    Rejected,
    Unknown,
    UnknownReason,
)

Refused = Rejected | Expired | Fenced

log = structlog.get_logger()


async def charge(
    resources: Resources, *, operation_id: str, body: bytes, subject: str, apply_before_ms: int
) -> Outcome:
    """Send the bytes of a debit until the request's deadline; from `apply_before_ms` on have it decided."""
    try:
        if resources.clock() >= apply_before_ms:
            return await resources.ledger.decide_overdue(operation_id, apply_before_ms=apply_before_ms)
        return await resources.ledger.apply(
            operation_id=operation_id,
            body=body,
            lane=Lane.PLAY,
            subject=subject,
            deadline=asyncio.get_running_loop().time() + resources.settings.request_deadline_ms / 1000,
        )
    except LedgerBug as bug:  # it is stored, and may have been charged or may yet be
        log.exception("debit.ledger_refuses_us", operation_id=operation_id, code=bug.code)
        return Unknown(operation_id, UnknownReason.REFUSED)


def refusal_of(outcome: Refused) -> str:
    """Why nobody was charged, as it is stored: a code, with the numbers that the ledger gave."""
    if not isinstance(outcome, Rejected):
        return msgspec.json.encode({"code": "not_charged"}).decode()
    numbers = {"code": outcome.code, "have": outcome.available, "need": outcome.needed}
    return msgspec.json.encode(numbers).decode()
