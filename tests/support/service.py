"""Fixtures: two brands with their issuers, a ledger in memory, and the application between them."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar

from game.app import build_app
from ledger_client.testing import FakeLedger
from tests.support.app import client_of, running, settings_for
from tests.support.tokens import Issuer

STARTED_MS = 1_790_000_000_000


class ManualClock:
    """Milliseconds since the epoch, which stand still until a test moves them."""

    def __init__(self, now_ms: int = STARTED_MS) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms

    def advance(self, ms: int) -> None:
        """Let time pass."""
        self.now_ms += ms


@pytest.fixture
def clock() -> ManualClock:
    """The time of the application, its ledger and its issuers."""
    return ManualClock()


@pytest.fixture
def ledger(clock: ManualClock) -> FakeLedger:
    """The ledger of the application; `ledger.fund(account, amount)` issues points."""
    return FakeLedger(now_ms=clock)


@pytest_asyncio.fixture
async def issuer(database_url: str, clock: ManualClock) -> Issuer:
    """The issuer of the brand `acme`, which is stored."""
    return await _stored(Issuer("acme", clock=clock), database_url)


@pytest_asyncio.fixture
async def other_issuer(database_url: str, clock: ManualClock) -> Issuer:
    """The issuer of another brand, `bolt`, which is stored."""
    return await _stored(Issuer("bolt", clock=clock), database_url)


async def _stored(issuer: Issuer, database_url: str) -> Issuer:
    await issuer.insert_brand(database_url)
    return issuer


@pytest_asyncio.fixture
async def app(
    database_url: str,
    redis_url: str,
    ledger: FakeLedger,
    clock: ManualClock,
    issuer: Issuer,
    other_issuer: Issuer,
) -> AsyncIterator[Litestar]:
    """The application with its lifespan entered; it knows the brands `acme` and `bolt`."""
    del issuer, other_issuer
    settings = settings_for(database_url, redis_url)
    async with running(build_app(settings, ledger=ledger, clock=clock)) as started:
        yield started


@pytest_asyncio.fixture
async def app_client(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client without a token: `app_client.get(…, headers=issuer.headers("ann"))`."""
    async with client_of(app) as client:
        yield client
