"""Fixtures of the ledger's tests."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.ledger.scripted import ScriptedLedger, scripted
from tests.ledger.serving import Sandbox, serving


@pytest_asyncio.fixture
async def sandbox(empty_database_url: str) -> AsyncIterator[Sandbox]:
    """A sandbox ledger over a database of its own."""
    async with serving(empty_database_url) as found:
        yield found


@pytest_asyncio.fixture
async def scripted_ledger() -> AsyncIterator[ScriptedLedger]:
    """A server that answers as the test says."""
    async with scripted() as found:
        yield found
