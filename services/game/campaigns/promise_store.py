"""The rows of promises: what features can give away beside the pools."""

from typing import Any

import asyncpg
import msgspec

from game.campaigns.records import Promise
from game.db.connection import Connection
from game.db.statements import load

_SQL = load("game.campaigns")
_decoder = msgspec.json.Decoder(dict[str, int])


async def save_promise(conn: Connection, promise: Promise, *, campaign_id: str, source: str) -> None:
    """Store what a feature can give away at most; its last word counts."""
    vouchers, terms = (msgspec.json.encode(each).decode() for each in (promise.vouchers, promise.terms))
    await conn.execute(
        _SQL.save_promise,
        campaign_id, source, promise.points, vouchers, promise.draws, promise.until_ms, terms,
    )  # fmt: skip


async def published_terms(conn: Connection, *, campaign_id: str) -> dict[str, Any]:
    """What is published of what features promise, by their sources; no entry: nothing."""
    rows = await conn.fetch(_SQL.published_terms, campaign_id)
    return {row["source"]: msgspec.json.decode(row["terms"]) for row in rows}


async def promises_left(conn: Connection, *, campaign_id: str) -> list[Promise]:
    """What each feature can still give away: what was promised less what was given and stands. No terms."""
    return [
        Promise(
            points=max(row["points"], 0),
            vouchers=_left(_decoder.decode(row["vouchers"]), row),
            draws=row["draws"],
            until_ms=row["until_ms"],
        )
        for row in await conn.fetch(_SQL.promises_left, campaign_id)
    ]


def _left(promised: dict[str, int], row: asyncpg.Record) -> dict[str, int]:
    given = dict(zip(row["batches"] or (), row["units"] or (), strict=True))
    return {batch: max(units - given.get(batch, 0), 0) for batch, units in promised.items()}
