"""The rows of stock alerts."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from game.db.connection import Connection
from game.db.statements import load

_SQL = load("game.campaigns")

Kind = Literal["voucher", "row"]


class Turned(msgspec.Struct, frozen=True, kw_only=True):
    """Stock that has come down to its threshold (`is_low`), or has risen above it again."""

    campaign_id: str
    kind: Kind
    item: str
    threshold: int
    is_low: bool
    units_left: int


async def stock_alerts(conn: Connection, *, campaign_id: str, limit: int) -> list[tuple[Kind, str, int]]:
    """Kind, item and threshold of each alert of a campaign."""
    return [tuple(row) for row in await conn.fetch(_SQL.stock_alerts, campaign_id, limit)]


async def put_alerts(conn: Connection, wanted: Mapping[tuple[Kind, str], int], *, campaign_id: str) -> None:
    """Keep these alerts, and no others."""
    kinds, items = [kind for kind, _ in wanted], [item for _, item in wanted]
    await conn.execute(_SQL.delete_stock_alerts, campaign_id, kinds, items)
    await conn.execute(_SQL.put_stock_alerts, campaign_id, kinds, items, list(wanted.values()))


async def turn_alerts(conn: Connection, *, limit: int) -> list[Turned]:
    """Mark stock that has become low, unmark what has risen; which."""
    return [Turned(**row) for row in await conn.fetch(_SQL.turn_stock_alerts, limit)]
