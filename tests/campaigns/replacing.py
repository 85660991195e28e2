"""A pool that is topped up, and what that makes of a campaign."""

from typing import Any

import httpx

from tests.campaigns.office import Office, wheel, with_row

TOPPED_UP = with_row(wheel(pool_id="next"), 0, stock=8)


async def replace(office: Office, campaign_id: str, table: dict[str, Any]) -> httpx.Response:
    """Ask for a table in the place of the pool `main`."""
    return await office.send("POST", f"/{campaign_id}/pools/main/replacement", table)


async def states(office: Office, campaign_id: str) -> dict[str, tuple[str, bool]]:
    """Each pool's state, and whether it accepts plays."""
    pools = (await office.show(campaign_id))["pools"]
    return {pool["pool_id"]: (pool["state"], pool["accepting"]) for pool in pools}


async def actions(office: Office, campaign_id: str) -> list[str]:
    """What the change log says since the launch."""
    found = [change["action"] for change in await office.changes(campaign_id)]
    return found[found.index("campaign.launch") + 1 :]
