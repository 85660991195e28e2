"""One installation for all tests here; each test starts the service in its own way."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.crash.bets import People, people_of
from tests.crash.site import Site, open_site


@pytest_asyncio.fixture(loop_scope="package", scope="package")
async def installation() -> AsyncIterator[Site]:
    """PostgreSQL, Redis and the ledger."""
    async with open_site() as site:
        yield site


@pytest_asyncio.fixture(loop_scope="package")
async def site(installation: Site) -> AsyncIterator[Site]:
    """The installation, without a service before and after the test."""
    yield installation
    await installation.service.gone()


@pytest_asyncio.fixture(loop_scope="package")
async def people(installation: Site) -> AsyncIterator[People]:
    """Who plays and who checks."""
    async with people_of(installation) as found:
        yield found
