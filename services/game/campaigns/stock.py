"""Stock that is getting low: what managers want to hear of, and telling them."""

from collections.abc import Sequence
from typing import Annotated, Final, Literal

import msgspec

from game.auth import Caller
from game.campaigns.access import campaign_of, desk_of
from game.campaigns.stock_store import put_alerts, stock_alerts, turn_alerts
from game.resources import Resources
from game.webhooks.out.outbox import Message, tell

ALERTS_MAX: Final = 50
TOLD_MAX: Final = 100


class StockAlert(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tell once so few are left: codes of a batch (`item`: its name), or units of a row (`pool/row`)."""

    kind: Literal["voucher", "row"]
    item: Annotated[
        str, msgspec.Meta(pattern=r"^[a-z0-9-]{1,32}(/[a-z0-9-]{1,32})?$(?!\n)", examples=["main/tea"])
    ]
    threshold: Annotated[int, msgspec.Meta(ge=0, le=10_000)]


async def alerts(resources: Resources, caller: Caller, *, campaign_id: str) -> list[StockAlert]:
    """What is asked for in a campaign of the caller's brand. NotFound."""
    async with resources.pool.acquire() as conn:
        await campaign_of(conn, campaign_id=campaign_id, brand_id=caller.brand_id)
        rows = await stock_alerts(conn, campaign_id=campaign_id, limit=ALERTS_MAX)
    return [StockAlert(kind=kind, item=item, threshold=threshold) for kind, item, threshold in rows]


async def set_alerts(
    resources: Resources, caller: Caller, wanted: Sequence[StockAlert], *, campaign_id: str
) -> None:
    """Ask for these alerts and no others; of the same stock the last one counts. NotFound."""
    rows = {(alert.kind, alert.item): alert.threshold for alert in wanted}
    async with desk_of(resources, caller, campaign_id) as desk:
        old = await stock_alerts(desk.conn, campaign_id=campaign_id, limit=ALERTS_MAX)
        await put_alerts(desk.conn, rows, campaign_id=campaign_id)
        await desk.record(
            "stock.alerts",
            old={f"{kind}:{item}": threshold for kind, item, threshold in old},
            new={f"{kind}:{item}": threshold for (kind, item), threshold in rows.items()},
        )


async def tell_of_stock(resources: Resources) -> int:
    """Tell once of stock that has come down to its threshold; how many alerts have changed."""
    async with resources.pool.acquire() as conn, conn.transaction():
        changed = await turn_alerts(conn, limit=TOLD_MAX)
        messages = [
            Message(
                campaign_id=each.campaign_id,
                type="stock.low",
                about=f"stock:{each.kind}:{each.item}",
                data={
                    "kind": each.kind,
                    "item": each.item,
                    "left": each.units_left,
                    "threshold": each.threshold,
                },
            )
            for each in changed
            if each.is_low
        ]
        await tell(conn, resources, messages)
    return len(changed)
