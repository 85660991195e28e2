"""A receiver, and a brand that is told things there."""

from collections.abc import AsyncIterator
from dataclasses import replace

import msgspec
import pytest_asyncio

from game.resources import Resources
from game.webhooks.out.delivering import Deliveries
from game.webhooks.out.sender import Sender
from ledger_client.testing import FakeLedger
from tests.support.service import ManualClock
from tests.support.settled import open_campaign, resources_of
from tests.support.terms import prize
from tests.webhooks.out.receiver import Post, Receiver, receiving
from tests.webhooks.senders import Office


@pytest_asyncio.fixture
async def resources(
    database_url: str, redis_url: str, ledger: FakeLedger, clock: ManualClock
) -> AsyncIterator[Resources]:
    """What the use cases work with, where webhooks may go to this machine."""
    async with resources_of(database_url, redis_url, ledger=ledger, clock=clock) as opened:
        settings = msgspec.structs.replace(opened.settings, webhooks_to_loopback=True)
        yield replace(opened, settings=settings)


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A brand's system."""
    async with receiving() as opened:
        yield opened


@pytest_asyncio.fixture
async def post(office: Office, resources: Resources, clock: ManualClock) -> AsyncIterator[Post]:
    """A live campaign, and a worker that sends only when the test says so."""
    campaign = await open_campaign(resources, [prize(0, kind="points", amount=25)])
    async with Sender(to_loopback=True, clock=clock, timeout_seconds=20) as sender:
        deliveries = Deliveries(sender)
        yield Post(office, resources, campaign, deliveries, clock)
        await deliveries.close()
