"""An application in which tests take the steps themselves, and a live campaign; at the end all is audited."""

from collections.abc import AsyncIterator

import httpx
import pytest_asyncio
from litestar import Litestar

from game.resources import Resources
from ledger_client.testing import FakeLedger
from tests.gifts.party import Party
from tests.support.app import client_of, standing_still
from tests.support.pools import pool, row, wheel
from tests.support.service import ManualClock
from tests.support.settled import resources_of
from tests.support.stage import Stage
from tests.support.tokens import Issuer

AGAIN = pool("again", row("again", "chances", 2, count=40))


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


@pytest_asyncio.fixture
async def stage(resources: Resources, ledger: FakeLedger, clock: ManualClock) -> AsyncIterator[Stage]:
    """A stage whose campaigns are audited at the end."""
    made = Stage(resources, ledger, clock)
    yield made
    await made.audit(in_flight_allowed=False)


@pytest_asyncio.fixture
async def party(stage: Stage, client: httpx.AsyncClient, issuer: Issuer) -> Party:
    """Players of a live campaign."""
    return Party(stage, client, issuer, await stage.launch(wheel(), AGAIN))
