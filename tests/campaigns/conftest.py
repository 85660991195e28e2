"""An application with the campaigns' routes, its managers, and campaigns in each state."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar

from game.app import build_app
from game.audit.api import Log
from game.campaigns.api import Campaigns
from game.campaigns.public_api import PublicCampaigns
from game.resources import Resources
from tests.campaigns.office import AskedLedger, Office
from tests.support.app import client_of, running, settings_for
from tests.support.service import ManualClock
from tests.support.tokens import Issuer

RELAYS = "http://127.0.0.1:1,http://127.0.0.1:2"


@pytest.fixture
def ledger(clock: ManualClock) -> AskedLedger:
    """The ledger of the application; a test may do something whenever it is asked for an account."""
    return AskedLedger(now_ms=clock)


@pytest_asyncio.fixture
async def campaigns_app(
    database_url: str,
    redis_url: str,
    ledger: AskedLedger,
    clock: ManualClock,
    issuer: Issuer,
    other_issuer: Issuer,
) -> AsyncIterator[Litestar]:
    """The application, which knows relays of the beacon."""
    del issuer, other_issuer
    app = build_app(
        settings_for(database_url, redis_url, BEACON_RELAYS=RELAYS),
        ledger=ledger,
        clock=clock,
        controllers=(Campaigns, PublicCampaigns, Log),
    )
    async with running(app):
        yield app


@pytest_asyncio.fixture
async def client(campaigns_app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token."""
    async with client_of(campaigns_app) as made:
        yield made


@pytest_asyncio.fixture
async def resources(campaigns_app: Litestar) -> Resources:
    """What the application works with."""
    found = campaigns_app.state.resources
    assert isinstance(found, Resources)
    return found


@pytest_asyncio.fixture
async def office(
    client: httpx.AsyncClient, issuer: Issuer, ledger: AskedLedger, resources: Resources
) -> Office:
    """The manager `mia` of the brand `acme`."""
    return Office(client, issuer, ledger, resources)
