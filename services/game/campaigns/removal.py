"""Removing a pool that is not published yet."""

from game.auth import Caller
from game.campaigns.access import managed
from game.campaigns.drafting import remove_draft_pool
from game.campaigns.replacement import cancel_replacement
from game.resources import Resources


async def remove_pool(resources: Resources, caller: Caller, *, campaign_id: str, pool_id: str) -> None:
    """Remove a pool from a draft campaign, or from a launched one a replacement that still waits."""
    seen = await managed(resources, caller, campaign_id=campaign_id)
    remove = remove_draft_pool if seen.campaign.state == "draft" else cancel_replacement
    await remove(resources, caller, campaign_id=campaign_id, pool_id=pool_id)
