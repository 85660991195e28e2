"""A badge that lies under a covered ticket is nobody's to see."""

from collections.abc import AsyncIterator

import msgspec
import pytest
import pytest_asyncio

from game.auth import Caller, Role
from game.credentials.service import awards, export
from game.errors import NotFound
from game.resources import Resources
from ledger_client.testing import FakeLedger
from tests.prizes.granting import granted
from tests.support.rewarding import define_tiger
from tests.support.service import ManualClock
from tests.support.settled import open_campaign, resources_of
from tests.support.terms import prize

ANN = Caller(brand_id="acme", subject="ann", roles=frozenset({Role.PLAYER}))


@pytest_asyncio.fixture
async def resources(
    database_url: str, redis_url: str, ledger: FakeLedger, clock: ManualClock
) -> AsyncIterator[Resources]:
    """A service's resources over a database of its own."""
    async with resources_of(database_url, redis_url, ledger=ledger, clock=clock) as opened:
        yield opened


@pytest.mark.asyncio
async def test_covered_and_uncovered(resources: Resources) -> None:
    """Before, it is neither listed nor exported, and the refusal is that of no badge at all."""
    campaign = await open_campaign(resources, [prize(0)], game="scratch")
    await define_tiger(resources, campaign.campaign_id)
    [won] = await campaign.settle(await campaign.player("ann"), 0)
    await granted(resources, [msgspec.structs.replace(won, prize=prize(0, kind="badge"))])

    async def listed() -> list[str]:
        found = await awards(resources, ANN, campaign_id=campaign.campaign_id, before=None, limit=9)
        return [each.badge.badge_id for each in found]

    assert await listed() == []
    with pytest.raises(NotFound, match="no such badge of yours"):
        await export(
            resources,
            ANN,
            campaign_id=campaign.campaign_id,
            award_id=won.grant_id,
            language="en",
            email=None,
        )
    await resources.pool.execute("UPDATE draw SET uncovered_ms = 1")
    assert await listed() == ["tiger"]
