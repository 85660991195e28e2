"""An installation of these tests' own; its service reaches the ledger through a hole that may fall silent."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.crash.bets import People, people_of
from tests.crash.site import Site, open_site
from tests.outages.hole import Hole


@pytest_asyncio.fixture(loop_scope="package", scope="package")
async def installation() -> AsyncIterator[Site]:
    """PostgreSQL, Redis and the ledger."""
    async with open_site() as site:
        yield site


@pytest_asyncio.fixture(loop_scope="package")
async def hole(installation: Site) -> AsyncIterator[Hole]:
    """The service's way to the ledger."""
    made = Hole(ledger_port=installation.ledger_port)
    await made.open()
    installation.environment["PLAYFAIR_LEDGER_URL"] = made.url
    yield made
    await made.close()


@pytest_asyncio.fixture(loop_scope="package")
async def site(installation: Site, hole: Hole) -> AsyncIterator[Site]:
    """The installation, without a service before and after the test."""
    del hole
    yield installation
    await installation.service.gone()


@pytest_asyncio.fixture(loop_scope="package")
async def people(installation: Site) -> AsyncIterator[People]:
    """Who plays and who checks."""
    async with people_of(installation) as found:
        yield found
