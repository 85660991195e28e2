"""The service with a stage for campaigns, over HTTP or without it; at the end of each test all is audited."""

import hashlib
import itertools
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar
from redis.asyncio import Redis

from game.app import build_app
from game.db.pool import open_pool
from game.plays.engine import Engine
from game.resources import Resources
from game.vault import Vault
from ledger_client.testing import FakeLedger
from tests.support.app import running, settings_for
from tests.support.service import ManualClock
from tests.support.stage import RELAYS, Guest, Stage, another_engine
from tests.support.tokens import Issuer


@pytest.fixture
def entropy() -> Callable[[int], bytes]:
    """Random bytes that are the same in every run."""
    numbers = itertools.count()
    return lambda length: hashlib.shake_256(b"plays %d" % next(numbers)).digest(length)


@pytest_asyncio.fixture
async def app(
    database_url: str,
    redis_url: str,
    ledger: FakeLedger,
    clock: ManualClock,
    issuer: Issuer,
    other_issuer: Issuer,
    entropy: Callable[[int], bytes],
) -> AsyncIterator[Litestar]:
    """The application, which may have pools with a beacon."""
    del issuer, other_issuer
    settings = settings_for(database_url, redis_url, BEACON_RELAYS=RELAYS, REQUEST_DEADLINE_MS="1000")
    async with running(build_app(settings, ledger=ledger, clock=clock, entropy=entropy)) as started:
        yield started


@pytest_asyncio.fixture
async def stage(app: Litestar, ledger: FakeLedger, clock: ManualClock) -> AsyncIterator[Stage]:
    """A stage of the running application."""
    made = Stage(app.state.resources, ledger, clock)
    yield made
    await made.audit()


@pytest.fixture
def guest(app_client: httpx.AsyncClient, issuer: Issuer) -> Callable[[str, str], Guest]:
    """A player with a client: `guest(campaign_id, "ann")`."""
    return lambda campaign_id, subject: Guest(app_client, issuer, campaign_id, subject)


@pytest_asyncio.fixture
async def resources(
    database_url: str,
    ledger: FakeLedger,
    clock: ManualClock,
    issuer: Issuer,
    entropy: Callable[[int], bytes],
) -> AsyncIterator[Resources]:
    """What engines need, without an application around them; Redis is never called."""
    del issuer
    settings = settings_for(
        database_url, "redis://127.0.0.1:1", BEACON_RELAYS=RELAYS, REQUEST_DEADLINE_MS="1000"
    )
    async with await open_pool(database_url, connections=4) as pool:
        yield Resources(
            settings=settings,
            pool=pool,
            redis=Redis.from_url(settings.redis_url),
            ledger=ledger,
            vault=Vault(settings.secret_keys),
            clock=clock,
            entropy=entropy,
        )


@pytest_asyncio.fixture
async def backstage(resources: Resources, ledger: FakeLedger, clock: ManualClock) -> AsyncIterator[Stage]:
    """A stage whose engines the test makes and drops; nothing runs in the background."""
    made = Stage(resources, ledger, clock)
    yield made
    await made.audit()


@pytest_asyncio.fixture
async def engines(backstage: Stage) -> AsyncIterator[tuple[Engine, Engine]]:
    """Two engines that never saw the play before."""
    async with another_engine(backstage.resources) as one, another_engine(backstage.resources) as two:
        yield one, two
