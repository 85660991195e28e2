"""The application without its background steps, which these tests take themselves; and a manager at work."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar
from redis.asyncio import Redis

from game.db.pool import open_pool
from game.resources import Resources, system_entropy
from game.vault import Vault
from tests.campaigns.office import AskedLedger, Office
from tests.support.app import client_of, settings_for, standing_still
from tests.support.service import ManualClock
from tests.support.tokens import Issuer

RELAYS = "http://127.0.0.1:1,http://127.0.0.1:2"


@pytest.fixture
def ledger(clock: ManualClock) -> AskedLedger:
    """The ledger of the application; a test may do something whenever it is asked for an account."""
    return AskedLedger(now_ms=clock)


@pytest_asyncio.fixture
async def resources(
    database_url: str, redis_url: str, ledger: AskedLedger, clock: ManualClock
) -> AsyncIterator[Resources]:
    """What the use cases need; the service knows relays of the beacon."""
    settings = settings_for(database_url, redis_url, BEACON_RELAYS=RELAYS)
    async with await open_pool(database_url, connections=8) as pool, Redis.from_url(redis_url) as redis:
        yield Resources(
            settings=settings,
            pool=pool,
            redis=redis,
            ledger=ledger,
            vault=Vault(settings.secret_keys),
            clock=clock,
            entropy=system_entropy,
        )


@pytest_asyncio.fixture
async def still_app(resources: Resources, issuer: Issuer, other_issuer: Issuer) -> AsyncIterator[Litestar]:
    """The application of the brands `acme` and `bolt`; nothing happens in it but requests."""
    del issuer, other_issuer
    async with standing_still(resources) as app:
        yield app


@pytest_asyncio.fixture
async def client(still_app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token."""
    async with client_of(still_app) as made:
        yield made


@pytest_asyncio.fixture
async def office(
    client: httpx.AsyncClient, issuer: Issuer, ledger: AskedLedger, resources: Resources
) -> Office:
    """The manager `mia` of the brand `acme`."""
    return Office(client, issuer, ledger, resources)
