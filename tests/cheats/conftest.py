"""One installation for all cheats; each test starts a service that cheats in its own way."""

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
async def people(installation: Site) -> AsyncIterator[People]:
    """Who plays and who checks; there is no service before and after the test."""
    async with people_of(installation) as found:
        yield found
    await installation.service.gone()
