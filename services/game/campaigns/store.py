"""The rows of campaigns and pools."""

import asyncpg

from game.campaigns.rules import PoolTerms, Prize, Text
from game.db.connection import Connection
from game.db.statements import load
from game.fair.entries import PoolEntry, decode, leaf_hash

_SQL = load("game.campaigns")


async def published_pool(conn: Connection, *, campaign_id: str, pool_id: str) -> PoolTerms | None:
    """A pool that stands in the log; None: there is no such pool, or it is a draft."""
    row = await conn.fetchrow(_SQL.published_pool, campaign_id, pool_id)
    if row is None:
        return None
    prizes = await conn.fetch(_SQL.prizes_of_pool, campaign_id, pool_id)
    terms = {**row, "campaign_id": campaign_id}
    data = terms.pop("entry")
    entry = decode(data)
    assert isinstance(entry, PoolEntry)
    return PoolTerms(**terms, entry=entry, pool_hash=leaf_hash(data), prizes=tuple(map(_prize, prizes)))


def _prize(row: asyncpg.Record) -> Prize:
    prize = dict(row)
    name = Text(zh=prize.pop("name_zh"), en=prize.pop("name_en"))
    return Prize(**prize, name=name)
