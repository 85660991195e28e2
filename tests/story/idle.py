"""Whoever spends nothing owes nothing, has the points of what stands, and sees just that."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

import asyncpg

from ledger_client import Ledger

_GIVEN: Final = """
SELECT r.kind, r.amount FROM reward AS r JOIN player AS p USING (player_id)
WHERE r.campaign_id = $1 AND p.subject = $2 AND r.state = 'given'
"""
_OWED: Final = """
SELECT coalesce(sum(d.amount), 0) FROM debt AS d JOIN player AS p USING (player_id)
WHERE d.campaign_id = $1 AND p.subject = $2
"""


async def idle_wrong(
    pool: "asyncpg.Pool[asyncpg.Record]",
    ledger: Ledger,
    *,
    campaign_id: str,
    account: str,
    seen: Iterable[tuple[str, int]],
) -> list[str]:
    """What is wrong with the balance, the debts and the inbox (`seen`: kinds and amounts) of an account."""
    subject = account.rpartition(".")[2]
    given = Counter((row["kind"], row["amount"]) for row in await pool.fetch(_GIVEN, campaign_id, subject))
    points = sum(amount * times for (kind, amount), times in given.items() if kind == "points")
    has = (await ledger.account(account)).posted
    owes = await pool.fetchval(_OWED, campaign_id, subject)
    found = {"points": (has, points), "debt": (owes, 0), "inbox": (Counter(seen), given)}
    return [f"{subject}'s {what}: {there}, not {due}" for what, (there, due) in found.items() if there != due]
