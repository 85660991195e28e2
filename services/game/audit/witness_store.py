"""What witnesses have cosigned. Connection first."""

from collections.abc import Sequence

from game.db.connection import Connection
from game.db.statements import load

_SQL = load("game.audit")


async def unwitnessed_logs(
    conn: Connection, *, witnesses: Sequence[str], now_ms: int, limit: int
) -> list[str]:
    """Logs that some of these witnesses should see now."""
    return [row["campaign_id"] for row in await conn.fetch(_SQL.unwitnessed_logs, witnesses, now_ms, limit)]


async def cosigned_sizes(conn: Connection, *, campaign_id: str) -> dict[str, int]:
    """By witness: how large the log was that it cosigned last, 0 while it has cosigned nothing."""
    return {row["witness"]: row["size"] for row in await conn.fetch(_SQL.cosigned_sizes, campaign_id)}


async def keep_cosignature(
    conn: Connection, *, campaign_id: str, witness: str, size: int, line: str, next_attempt_ms: int
) -> None:
    """Keep a cosignature, unless a newer one is there."""
    await conn.execute(_SQL.keep_cosignature, campaign_id, witness, size, line, next_attempt_ms)


async def postpone(conn: Connection, *, campaign_id: str, witness: str, next_attempt_ms: int) -> None:
    """Ask a witness again later."""
    await conn.execute(_SQL.postpone_witness, campaign_id, witness, next_attempt_ms)


async def cosigned(conn: Connection, *, campaign_id: str, witnesses: Sequence[str]) -> tuple[int, str] | None:
    """The largest size that any of these has cosigned, and the lines; None: none of them has cosigned."""
    row = await conn.fetchrow(_SQL.cosigned, campaign_id, witnesses)
    return (row["size"], row["lines"]) if row else None
