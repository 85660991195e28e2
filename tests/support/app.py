"""The application in the test's own event loop, and clients for it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, cast

import aiohttp
import httpx
from litestar import Litestar

from game.app import PUBLIC_READS, build_app
from game.gate import BOUNDS, Gate
from game.issuers import Issuers
from game.limits import Limits
from game.reads import Reads
from game.resources import Resources
from game.settings import Settings
from game.tokens import Tokens
from game.webhooks.intake import Intake
from game.webhooks.reception import Reception
from tests.support.tokens import AUDIENCE


def settings_for(database_url: str, redis_url: str, **changes: str) -> Settings:
    """Settings of an application in a test, by any clock; its callers may call as often as they like."""
    variables = {f"PLAYFAIR_{name}": value for name, value in changes.items()}
    return Settings.from_environment(
        {
            "PLAYFAIR_DATABASE_URL": database_url,
            "PLAYFAIR_REDIS_URL": redis_url,
            "PLAYFAIR_LEDGER_URL": "http://127.0.0.1:1",
            "PLAYFAIR_LEDGER_TOKEN": "not-a-secret-in-tests",
            "PLAYFAIR_SECRET_KEYS": "test:" + "A" * 43 + "=",
            "PLAYFAIR_TOKEN_AUDIENCE": AUDIENCE,
            "PLAYFAIR_CLOCK_SKEW_SECONDS": "999999999",
            "PLAYFAIR_REQUESTS_PER_PLAYER": "1000000",
            "PLAYFAIR_REQUESTS_PER_ADDRESS": "1000000",
        }
        | variables
    )


@asynccontextmanager
async def running(app: Litestar) -> AsyncIterator[Litestar]:
    """The application with its lifespan entered and left in one task, wherever this is entered and left."""
    started, stop = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.lifespan():
            started.set()
            await stop.wait()

    life = asyncio.create_task(live())
    start = asyncio.create_task(started.wait())
    await asyncio.wait((life, start), return_when=asyncio.FIRST_COMPLETED)
    if not started.is_set():
        start.cancel()
        await life
    try:
        yield app
    finally:
        stop.set()
        await life


@asynccontextmanager
async def standing_still(resources: Resources) -> AsyncIterator[Litestar]:
    """The application of the brands that are stored, without its steps: only requests happen."""
    app = build_app(resources.settings, ledger=resources.ledger, clock=resources.clock)
    async with aiohttp.ClientSession() as session:
        issuers = Issuers(resources.pool, session, clock=resources.clock)
        await issuers.refresh()
        tokens = Tokens(issuers, audience=resources.settings.token_audience, clock=resources.clock)
        limits = Limits(resources.redis, per_player=1_000_000, per_address=1_000_000, clock=resources.clock)
        app.state.resources = resources
        app.state.intake = Intake(Reception(resources, limits))
        framework = partial(Litestar.__call__, app)
        reads = Reads(framework, PUBLIC_READS, to_players=framework, clock=resources.clock)
        app.state.ahead = (app.state.intake, reads)
        app.state.gate = Gate(tokens, limits, trusted_proxies=(), bounds=BOUNDS)
        yield app


def client_of(
    app: Litestar, *, headers: Mapping[str, str] | None = None, address: str = "127.0.0.1"
) -> httpx.AsyncClient:
    """An HTTP client of the application, at an address; what reaches the server as an exception is raised."""
    transport = httpx.ASGITransport(app=cast("Any", app), client=(address, 40_000))
    return httpx.AsyncClient(transport=transport, base_url="http://playfair.test", headers=headers)
