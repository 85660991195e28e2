"""An application in which tests take the steps themselves, a manager, and a source that sends events."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar

from game.resources import Resources
from ledger_client.testing import FakeLedger
from tests.support.app import client_of, standing_still
from tests.support.service import ManualClock
from tests.support.settled import resources_of
from tests.support.tokens import Issuer
from tests.tasks.shop import Shop
from tests.webhooks.senders import Office


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


@pytest_asyncio.fixture
async def client(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token."""
    async with client_of(app) as made:
        yield made


@pytest.fixture
def office(client: httpx.AsyncClient, issuer: Issuer, clock: ManualClock) -> Office:
    """The manager `mia` of the brand `acme`."""
    return Office(client, issuer, clock)


@pytest_asyncio.fixture
async def shop(office: Office, ledger: FakeLedger, resources: Resources) -> Shop:
    """The brand's campaign, still a draft, and its source of events."""
    return await Shop.opened(office, ledger, resources)
