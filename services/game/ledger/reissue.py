"""Credits that were refused for good: issued anew under new ids, once their budgets pay them.

A refusal sticks to its id. A new id is made only of one that was proven refused, in the transaction that
gives the old one up; so of all the ids of a prize at most one is ever applied
(docs/decisions/0013-reissued-credits.md).
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import structlog

from game.ledger import store
from game.ledger.rules import REISSUE_MS, Credit, payable, reissued
from game.ledger.service import reissue, send
from game.resources import Resources
from ledger_client import LedgerUnreachable, budget

REISSUE_LIMIT: Final = 256

log = structlog.get_logger()


async def reissue_refused(resources: Resources, *, limit: int = REISSUE_LIMIT) -> int:
    """Issue refused credits anew that their budgets pay by now, and send them; how many were decided."""
    if not resources.ledger.available():
        return 0
    now_ms = resources.clock()
    async with resources.pool.acquire() as conn:
        refused = await store.claim_refused(conn, now_ms=now_ms, until_ms=now_ms + REISSUE_MS, limit=limit)
    anew = [(credit.operation_id, reissued(credit)) for credit in await _payable(resources, refused)]
    if not anew:
        return 0
    async with resources.pool.acquire() as conn:
        issued = await reissue(conn, anew, now_ms=now_ms)
    log.info("credits.reissued", credits=len(issued))
    return await send(resources, issued)


async def _payable(resources: Resources, refused: Sequence[Credit]) -> list[Credit]:
    """What the campaigns' budgets pay; nothing of those that the ledger does not tell of."""
    by_campaign: defaultdict[str, list[Credit]] = defaultdict(list)
    for credit in refused:
        by_campaign[credit.campaign_id].append(credit)
    found: list[Credit] = []
    for campaign_id, theirs in sorted(by_campaign.items()):
        try:
            account = await resources.ledger.account(budget(campaign_id))
        except LedgerUnreachable:
            break
        found += payable(theirs, account.available)
    return found
