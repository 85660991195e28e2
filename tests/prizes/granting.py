"""Granting what settled plays won, and stocking batches of vouchers."""

from collections.abc import Sequence

from game.ledger.rules import Credit
from game.prizes.rules import Won
from game.prizes.service import grant
from game.resources import Resources


async def granted(resources: Resources, won: Sequence[Won]) -> list[Credit]:
    """Grant in a transaction of its own, as a settle does in its own."""
    async with resources.pool.acquire() as conn, conn.transaction():
        return await grant(conn, resources, won)


async def stock(resources: Resources, codes: Sequence[str], *, campaign_id: str, batch: str = "tea") -> None:
    """Put codes into a voucher batch."""
    await resources.pool.execute(
        "INSERT INTO voucher (campaign_id, voucher_batch, code) SELECT $1, $2, unnest($3::text[])",
        campaign_id,
        batch,
        codes,
    )


async def codes_of(resources: Resources, won: Sequence[Won]) -> list[str | None]:
    """The code that each grant was given; None: it got none."""
    rows = await resources.pool.fetch("SELECT grant_id, code FROM voucher WHERE grant_id IS NOT NULL")
    codes = {row["grant_id"]: row["code"] for row in rows}
    return [codes.get(w.grant_id) for w in won]
