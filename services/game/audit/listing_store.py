"""Which logs there are, and their keys."""

from typing import NamedTuple

from game.db.connection import Connection
from game.db.statements import load

_SQL = load("game.audit")


class StoredLog(NamedTuple):
    """A log's row for those who read. `public_key` has 32 bytes."""

    campaign_id: str
    origin: str
    size: int
    public_key: bytes


async def public_key(conn: Connection, *, campaign_id: str, brand_id: str | None) -> tuple[str, bytes] | None:
    """A log's origin and key; None: the campaign has no log, or is of another brand than `brand_id`."""
    row = await conn.fetchrow(_SQL.public_key, campaign_id, brand_id)
    return (row["origin"], row["public_key"]) if row else None


async def brand_of_operator(conn: Connection, *, operator: str, brand_id: str | None) -> str | None:
    """The brand of this operator name; None: there is none, or it is another than `brand_id`."""
    found: str | None = await conn.fetchval(_SQL.brand_of_operator, operator, brand_id)
    return found


async def logs_of_brand(conn: Connection, *, brand_id: str, after: str, limit: int) -> list[StoredLog]:
    """Logs of a brand whose campaigns' ids follow `after`."""
    return [StoredLog(*row) for row in await conn.fetch(_SQL.logs_of_brand, brand_id, after, limit)]
