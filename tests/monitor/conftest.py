"""Campaigns whose draws the monitor counts when a test says so, and the routes that tell of it."""

from collections.abc import AsyncIterator

import httpx
import pytest_asyncio

from game.plays.engine import Engine
from game.resources import Resources
from ledger_client.testing import FakeLedger
from tests.support.app import client_of, standing_still
from tests.support.service import ManualClock
from tests.support.settled import resources_of
from tests.support.stage import Stage, engine_of
from tests.support.tokens import Issuer


@pytest_asyncio.fixture
async def resources(
    database_url: str, redis_url: str, ledger: FakeLedger, clock: ManualClock, issuer: Issuer
) -> AsyncIterator[Resources]:
    """Without steps."""
    del issuer
    async with resources_of(database_url, redis_url, ledger=ledger, clock=clock) as opened:
        yield opened


@pytest_asyncio.fixture
async def stage(resources: Resources, ledger: FakeLedger, clock: ManualClock) -> AsyncIterator[Stage]:
    """Audited at the end."""
    made = Stage(resources, ledger, clock)
    yield made
    await made.audit()


@pytest_asyncio.fixture
async def engine(stage: Stage) -> AsyncIterator[Engine]:
    """What plays."""
    made = engine_of(stage.resources)
    yield made
    await made.close()


@pytest_asyncio.fixture
async def client(resources: Resources, other_issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application, in which nothing happens but requests."""
    del other_issuer
    async with standing_still(resources) as app, client_of(app) as made:
        yield made
