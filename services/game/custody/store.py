"""The rows of readings."""

from uuid import UUID

import msgspec

from game.db.connection import Connection
from game.db.statements import load
from game.readings import ReadingPurpose

_SQL = load("game.custody")


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """That a process has opened the secret of a pool; of a log's key `pool_id` is None."""

    reading_id: UUID
    pool_id: str | None
    purpose: ReadingPurpose
    process: str
    read_ms: int


async def readings(conn: Connection, *, campaign_id: str, after: UUID, limit: int) -> list[Reading]:
    """One page of a campaign's readings, oldest first."""
    rows = await conn.fetch(_SQL.readings_of_campaign, campaign_id, after, limit)
    return [Reading(**row) for row in rows]
