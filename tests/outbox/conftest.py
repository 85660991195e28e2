"""A campaign that pays points, and a ledger in memory that pays them out."""

from collections.abc import AsyncIterator

import pytest_asyncio

from game.resources import Resources
from ledger_client.testing import FakeLedger
from tests.support.service import ManualClock
from tests.support.settled import Campaign, open_campaign, resources_of
from tests.support.terms import prize


@pytest_asyncio.fixture
async def resources(
    database_url: str, redis_url: str, ledger: FakeLedger, clock: ManualClock
) -> AsyncIterator[Resources]:
    """A service's resources over a database of its own."""
    async with resources_of(database_url, redis_url, ledger=ledger, clock=clock) as opened:
        yield opened


@pytest_asyncio.fixture
async def campaign(resources: Resources) -> Campaign:
    """A live campaign with one row that pays points."""
    return await open_campaign(resources, [prize(0, amount=5)])
