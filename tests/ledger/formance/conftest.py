"""Fixtures of the adapter's tests."""

from collections.abc import AsyncIterator

import pytest_asyncio

from ledger_client.adapters import FormanceLedger
from tests.ledger.formance.imitation import FormanceImitation, adapter, imitation


@pytest_asyncio.fixture
async def there() -> AsyncIterator[FormanceImitation]:
    """The imitated ledger."""
    async with imitation() as found:
        yield found


@pytest_asyncio.fixture
async def ledger(there: FormanceImitation) -> AsyncIterator[FormanceLedger]:
    """An adapter to it."""
    found = adapter(there)
    yield found
    await found.close()
