"""The application with routes that show what a handler gets."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest_asyncio
from litestar import Litestar

from game.app import CONTROLLERS, build_app
from game.gate import Bounds
from ledger_client.testing import FakeLedger
from tests.service.probes import Probes
from tests.support.app import client_of, running, settings_for
from tests.support.service import ManualClock
from tests.support.tokens import Issuer

BOUNDS = Bounds(in_flight=2, seconds=3.0)


@pytest_asyncio.fixture
async def probed_app(
    database_url: str,
    redis_url: str,
    ledger: FakeLedger,
    clock: ManualClock,
    issuer: Issuer,
    other_issuer: Issuer,
) -> AsyncIterator[Litestar]:
    """The application with probes; it takes two requests at a time, of three seconds."""
    del issuer, other_issuer
    app = build_app(
        settings_for(database_url, redis_url),
        ledger=ledger,
        clock=clock,
        controllers=(*CONTROLLERS, Probes),
        bounds=BOUNDS,
    )
    app.state.waiting = asyncio.Event()
    async with running(app):
        yield app


@pytest_asyncio.fixture
async def probe(probed_app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token of the application with probes."""
    async with client_of(probed_app) as client:
        yield client
