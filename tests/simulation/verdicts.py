"""What is wrong with the end of a seed's tale: by the oracle, and by what idle players see and have."""

from collections import Counter
from typing import Final

from game.prizes.service import inbox
from game.resources import Resources
from ledger_client import LedgerClient
from tests.simulation.setting import IDLE
from tests.story.oracle import stand_of
from tests.story.tale import TASKS, Tale
from tests.story.verdict import ended, wrong
from tests.support.stage import player

PAGE: Final = 50
_GIVEN: Final = """
SELECT r.kind, r.amount FROM reward AS r JOIN player AS p USING (player_id)
WHERE r.campaign_id = $1 AND p.subject = $2 AND r.state = 'given'
"""
_OWED: Final = """
SELECT coalesce(sum(d.amount), 0) FROM debt AS d JOIN player AS p USING (player_id)
WHERE d.campaign_id = $1 AND p.subject = $2
"""


async def told_wrong(resources: Resources, tale: Tale, *, campaign_id: str, books: LedgerClient) -> list[str]:
    """Each `judgement: what is wrong`; empty where all is as the oracle says."""
    if not tale.events:
        return []
    stand = stand_of(TASKS, tale.kept, opens_ms=tale.opens_ms)
    found = await ended(resources.pool, books, tale, tasks=TASKS, stand=stand, campaign_id=campaign_id)
    idle = [says for subject in IDLE for says in await _idle_wrong(resources, campaign_id, books, subject)]
    return wrong(found) + idle


async def _idle_wrong(resources: Resources, campaign_id: str, books: LedgerClient, subject: str) -> list[str]:
    """Whoever spends nothing owes nothing, has the points of what stands, and sees just that."""
    given = Counter(
        (row["kind"], row["amount"]) for row in await resources.pool.fetch(_GIVEN, campaign_id, subject)
    )
    points = sum(amount * times for (kind, amount), times in given.items() if kind == "points")
    has = (await books.account(f"player:acme.{subject}")).posted
    owes = await resources.pool.fetchval(_OWED, campaign_id, subject)
    prizes = await inbox(resources, player(subject), campaign_id=campaign_id, before=None, limit=PAGE)
    seen = Counter((each.kind, each.amount) for each in prizes if each.taken_back is None)
    found = {"points": (has, points), "debt": (owes, 0), "inbox": (seen, given)}
    return [f"{subject}'s {what}: {there}, not {due}" for what, (there, due) in found.items() if there != due]
