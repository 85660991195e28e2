"""The rows of the outbox, for many credits at once."""

from collections.abc import Iterable, Sequence

import msgspec

from game.db.connection import Connection
from game.db.statements import load
from game.ledger.rules import Credit, reissue_after_ms
from ledger_client import Applied, Decided

_SQL = load("game.ledger")


async def enqueue(conn: Connection, credits_due: Sequence[Credit], *, next_attempt_ms: int) -> None:
    """Store credits as due; nobody else takes them up before `next_attempt_ms`."""
    await conn.execute(_SQL.enqueue, list(map(msgspec.structs.astuple, credits_due)), next_attempt_ms)


async def claim_due(conn: Connection, *, now_ms: int, until_ms: int, limit: int) -> list[Credit]:
    """Credits whose turn it is; nobody else gets them before `until_ms`."""
    return [Credit(**row) for row in await conn.fetch(_SQL.claim_due, now_ms, until_ms, limit)]


async def claim_refused(conn: Connection, *, now_ms: int, until_ms: int, limit: int) -> list[Credit]:
    """Refused credits whose turn it is; nobody else gets them before `until_ms`."""
    return [Credit(**row) for row in await conn.fetch(_SQL.claim_refused, now_ms, until_ms, limit)]


async def reissue(
    conn: Connection, anew: Sequence[tuple[str, Credit]], *, now_ms: int, next_attempt_ms: int
) -> list[Credit]:
    """Let refused credits (their ids) go on as others; those others that no process was faster with."""
    rows = [(c.campaign_id, refused_id, c.operation_id, c.body, c.attempt) for refused_id, c in anew]
    columns = map(list, zip(*rows, strict=True))
    return [Credit(**row) for row in await conn.fetch(_SQL.reissue, *columns, now_ms, next_attempt_ms)]


async def give_up(
    conn: Connection, refused: Sequence[tuple[str, str]], *, now_ms: int
) -> set[tuple[str, str]]:
    """Let refused credits of rewards go; those that had not gone on."""
    rows = await conn.fetch(_SQL.give_up, *map(list, zip(*refused, strict=True)), now_ms)
    return {(row["campaign_id"], row["operation_id"]) for row in rows}


async def record(conn: Connection, decided: Iterable[tuple[Credit, Decided]], *, now_ms: int) -> None:
    """What became of credits. Those that were refused are issued anew later on."""
    rows = [
        (
            credit.campaign_id,
            credit.operation_id,
            type(outcome).__name__.lower(),
            _seq(outcome),
            now_ms + reissue_after_ms(credit.attempt),
        )
        for credit, outcome in sorted(decided, key=lambda pair: (pair[0].campaign_id, pair[0].operation_id))
    ]
    await conn.execute(_SQL.record, rows)


def _seq(outcome: Decided) -> int | None:
    return outcome.seq if isinstance(outcome, Applied) else None
