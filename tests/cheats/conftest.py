"""One installation for all cheats; each test starts a service that cheats in its own way."""

from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest_asyncio

from tests.crash.bets import People, people_of
from tests.crash.site import Site
from tests.support.databases import place_for_clusters


@pytest_asyncio.fixture(loop_scope="package", scope="package")
async def installation() -> AsyncIterator[Site]:
    """PostgreSQL, Redis and the ledger."""
    with TemporaryDirectory(prefix="playfair-", dir=place_for_clusters()) as folder:
        site = Site(Path(folder))
        await site.open()
        try:
            yield site
        finally:
            await site.close()


@pytest_asyncio.fixture(loop_scope="package")
async def people(installation: Site) -> AsyncIterator[People]:
    """Who plays and who checks; there is no service before and after the test."""
    async with people_of(installation) as found:
        yield found
    await installation.service.gone()
