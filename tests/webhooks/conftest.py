"""A manager, and a source that sends to the application."""

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar

from game.resources import Resources
from tests.support.service import ManualClock
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


@pytest.fixture
def resources(app: Litestar) -> Resources:
    """What the use cases of the application work with."""
    resources = app.state.resources
    assert isinstance(resources, Resources)
    return resources
