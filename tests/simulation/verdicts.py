"""What is wrong with the end of a seed's tale: by the oracle, and by what idle players see and have."""

from typing import Final

from game.players import account_of
from game.prizes.service import inbox
from game.resources import Resources
from ledger_client import LedgerClient
from tests.simulation.setting import IDLE
from tests.story.idle import idle_wrong
from tests.story.tale import Tale
from tests.story.verdict import ended, wrong
from tests.support.stage import player

PAGE: Final = 50


async def told_wrong(resources: Resources, tale: Tale, *, campaign_id: str, books: LedgerClient) -> list[str]:
    """Each `judgement: what is wrong`; empty where all is as the oracle says."""
    if not tale.events:
        return []
    found = await ended(resources.pool, books, tale, campaign_id=campaign_id)
    return wrong(found) + [
        says
        for subject in IDLE
        for says in await idle_wrong(
            resources.pool,
            books,
            campaign_id=campaign_id,
            account=account_of(brand_id="acme", subject=subject),
            seen=await _seen_by(resources, campaign_id, subject),
        )
    ]


async def _seen_by(resources: Resources, campaign_id: str, subject: str) -> list[tuple[str, int]]:
    prizes = await inbox(resources, player(subject), campaign_id=campaign_id, before=None, limit=PAGE)
    return [(each.kind, each.amount) for each in prizes if each.taken_back is None]
