"""A person has seen a break and says why it may stand: it stays listed, and is no alarm any more."""

import structlog

from game.auth import Caller
from game.db.statements import load
from game.errors import Conflict, NotFound
from game.ledger import report
from game.ledger.report import FoundBreak
from game.resources import Resources

_SQL = load("game.ledger")
_log = structlog.get_logger()


async def acknowledge(
    resources: Resources, caller: Caller, break_id: int, *, points: int, reason: str
) -> FoundBreak:
    """Acknowledge an open break of so many points; sent again by the same person, it does nothing more.

    Once the break heals or its value changes, it is an alarm again. NotFound `break_not_found`; Conflict
    `break_healed`, `break_changed` or `break_acknowledged` (by somebody else, or for another reason).
    """
    now_ms = resources.clock()
    async with resources.pool.acquire() as conn, conn.transaction():
        is_new = await conn.fetchval(
            _SQL.acknowledge_break, caller.brand_id, break_id, points, now_ms, caller.subject, reason
        )
        found = await report.find(conn, break_id, brand_id=caller.brand_id)
    if found is None:
        raise NotFound("break_not_found", "No break of your campaigns has this number.")
    if is_new is None:
        _check_same(found, caller, points=points, reason=reason)
        return found
    _log.info("break.acknowledged", break_id=break_id, kind=found.kind, points=points, actor=caller.subject)
    return found


def _check_same(found: FoundBreak, caller: Caller, *, points: int, reason: str) -> None:
    if found.closed_ms is not None:
        raise Conflict("break_healed", "The break has healed.", healed_ms=found.closed_ms)
    if found.points != points:
        raise Conflict("break_changed", "The break's value is another one by now.", points=found.points)
    if (found.acknowledged_by, found.reason) != (caller.subject, reason):
        raise Conflict(
            "break_acknowledged", "Somebody has acknowledged the break before.", by=found.acknowledged_by
        )
