"""A stage for campaigns of scratch cards over HTTP; at the end of each test all is audited."""

from collections.abc import AsyncIterator

import pytest_asyncio
from litestar import Litestar

from ledger_client.testing import FakeLedger
from tests.support.service import ManualClock
from tests.support.stage import Stage


@pytest_asyncio.fixture
async def stage(app: Litestar, ledger: FakeLedger, clock: ManualClock) -> AsyncIterator[Stage]:
    """A stage of the running application."""
    made = Stage(app.state.resources, ledger, clock)
    yield made
    await made.audit()
