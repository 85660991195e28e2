"""A manager, and a source that sends to an application in which nobody else processes events."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar

from game.resources import Resources
from ledger_client.testing import FakeLedger
from tests.support.app import standing_still
from tests.support.service import ManualClock
from tests.support.settled import resources_of
from tests.support.tokens import Issuer
from tests.webhooks.senders import Office, Sender


@pytest.fixture
def office(app_client: httpx.AsyncClient, issuer: Issuer, clock: ManualClock) -> Office:
    """The manager `mia` of the brand `acme`."""
    return Office(app_client, issuer, clock)


@pytest_asyncio.fixture
async def sender(office: Office) -> Sender:
    """The source `shop`."""
    return await office.sender()


@pytest_asyncio.fixture
async def resources(
    database_url: str, redis_url: str, ledger: FakeLedger, clock: ManualClock
) -> AsyncIterator[Resources]:
    """What the use cases of the application work with."""
    async with resources_of(database_url, redis_url, ledger=ledger, clock=clock) as opened:
        yield opened


@pytest_asyncio.fixture
async def app(resources: Resources, issuer: Issuer, other_issuer: Issuer) -> AsyncIterator[Litestar]:
    """The application without its steps; it knows the brands `acme` and `bolt`."""
    del issuer, other_issuer
    async with standing_still(resources) as still:
        yield still
