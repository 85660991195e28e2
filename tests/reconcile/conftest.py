"""A campaign that was played, and a ledger in memory whose entries a test may falsify."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import msgspec
import pytest_asyncio
from litestar import Litestar

from game.resources import Resources
from ledger_client.testing import FakeLedger
from tests.reconcile.reviewer import Reviewer
from tests.reconcile.world import World, played
from tests.support.service import ManualClock
from tests.support.settled import resources_of
from tests.support.stage import RELAYS
from tests.support.tokens import Issuer


@pytest_asyncio.fixture
async def resources(
    database_url: str, redis_url: str, ledger: FakeLedger, clock: ManualClock, issuer: Issuer
) -> AsyncIterator[Resources]:
    """A service's resources; pools may have a beacon."""
    del issuer
    async with resources_of(database_url, redis_url, ledger=ledger, clock=clock) as opened:
        settings = msgspec.structs.replace(opened.settings, beacon_relays=tuple(RELAYS.split(",")))
        yield replace(opened, settings=settings)


@pytest_asyncio.fixture
async def world(resources: Resources, ledger: FakeLedger, clock: ManualClock) -> World:
    """Settled plays with and without prizes, one that was refused and one that waits for its beacon round."""
    return await played(resources, ledger, clock)


@pytest_asyncio.fixture
async def reviewer(
    app: Litestar, app_client: httpx.AsyncClient, world: World, issuer: Issuer
) -> AsyncIterator[Reviewer]:
    """Ann's plays, and who decides about them; at the end of each test all is audited."""
    yield Reviewer(world, app_client, issuer)
    await app.state.engine.close()
    await world.stage.audit()
