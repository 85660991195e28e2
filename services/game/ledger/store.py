"""The rows of the outbox, for many credits at once."""

from collections.abc import Iterable, Sequence

import msgspec

from game.db.connection import Connection
from game.db.statements import load
from game.ledger.rules import Credit
from ledger_client import Applied, Decided

_SQL = load("game.ledger")


async def enqueue(conn: Connection, credits_due: Sequence[Credit], *, next_attempt_ms: int) -> None:
    """Store credits as due; nobody else takes them up before `next_attempt_ms`."""
    rows = [msgspec.structs.astuple(credit) for credit in credits_due]
    campaigns, plays, indices, ids, subjects, bodies = map(list, zip(*rows, strict=True))
    await conn.execute(_SQL.enqueue, campaigns, ids, plays, indices, subjects, bodies, next_attempt_ms)


async def claim_due(conn: Connection, *, now_ms: int, until_ms: int, limit: int) -> list[Credit]:
    """Credits whose turn it is; nobody else gets them before `until_ms`."""
    return [Credit(**row) for row in await conn.fetch(_SQL.claim_due, now_ms, until_ms, limit)]


async def record(conn: Connection, decided: Iterable[tuple[Credit, Decided]]) -> None:
    """What became of credits."""
    rows = [
        (credit.campaign_id, credit.operation_id, type(outcome).__name__.lower(), _seq(outcome))
        for credit, outcome in sorted(decided, key=lambda pair: (pair[0].campaign_id, pair[0].operation_id))
    ]
    await conn.execute(_SQL.record, *map(list, zip(*rows, strict=True)))


def _seq(outcome: Decided) -> int | None:
    return outcome.seq if isinstance(outcome, Applied) else None
