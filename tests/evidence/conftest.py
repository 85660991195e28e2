"""Campaigns of which packs are made when a test says so."""

from collections.abc import AsyncIterator

import pytest_asyncio

from ledger_client.testing import FakeLedger
from tests.support.service import ManualClock
from tests.support.settled import resources_of
from tests.support.stage import Stage
from tests.support.tokens import Issuer


@pytest_asyncio.fixture
async def stage(
    database_url: str, redis_url: str, ledger: FakeLedger, clock: ManualClock, issuer: Issuer
) -> AsyncIterator[Stage]:
    """Without steps; audited at the end."""
    del issuer  # the brand is there once its issuer is
    async with resources_of(database_url, redis_url, ledger=ledger, clock=clock) as resources:
        made = Stage(resources, ledger, clock)
        yield made
        await made.audit()
