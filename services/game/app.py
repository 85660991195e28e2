"""The composition root: everything is wired here and nowhere else."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
from litestar import Controller, Litestar
from litestar.enums import ScopeType
from litestar.types import LifeSpanReceive, LifeSpanScope, LifeSpanSend, Receive, Scope, Send
from redis.asyncio import BlockingConnectionPool, Redis

from game.audit.api import Log
from game.auth import AppRequest
from game.db.pool import open_pool
from game.gate import Gate
from game.health import Health
from game.issuers import Issuers
from game.problems import exception_handler
from game.resources import Resources, system_clock, system_entropy
from game.settings import Settings
from game.tokens import Tokens
from game.vault import Vault
from ledger_client import Ledger

BODY_BYTES = 256 * 1024
REDIS_CONNECTIONS = 32
REDIS_TIMEOUT_SECONDS = 2.0
CONTROLLERS: tuple[type[Controller], ...] = (Health, Log)


class Service(Litestar):
    """The application behind its gate; the lifespan opens and closes what both work with."""

    async def __call__(
        self,
        scope: Scope | LifeSpanScope,
        receive: Receive | LifeSpanReceive,
        send: Send | LifeSpanSend,
    ) -> None:
        """Send requests through the gate, everything else past it."""
        if scope["type"] == ScopeType.HTTP:
            await self.state.gate.pass_on(super().__call__, scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def build_app(
    settings: Settings,
    *,
    ledger: Ledger,
    clock: Callable[[], int] = system_clock,
    entropy: Callable[[int], bytes] = system_entropy,
) -> Litestar:
    """The application for some settings and a world; nothing is opened before its lifespan starts."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            resources = await _open(stack, settings, ledger=ledger, clock=clock, entropy=entropy)
            app.state.resources = resources
            app.state.gate = await _open_gate(stack, resources)
            yield

    return Service(
        CONTROLLERS,
        lifespan=[lifespan],
        request_class=AppRequest,
        exception_handlers={Exception: exception_handler},
        request_max_body_size=BODY_BYTES,
        logging_config=None,
        openapi_config=None,
    )


async def _open(
    stack: AsyncExitStack,
    settings: Settings,
    *,
    ledger: Ledger,
    clock: Callable[[], int],
    entropy: Callable[[int], bytes],
) -> Resources:
    pool = await open_pool(settings.database_url, connections=settings.database_connections)
    stack.push_async_callback(pool.close)
    redis = _redis(settings.redis_url)
    stack.push_async_callback(redis.aclose)
    stack.push_async_callback(ledger.close)
    return Resources(
        settings=settings,
        pool=pool,
        redis=redis,
        ledger=ledger,
        vault=Vault(settings.secret_keys),
        clock=clock,
        entropy=entropy,
    )


async def _open_gate(stack: AsyncExitStack, resources: Resources) -> Gate:
    session = await stack.enter_async_context(aiohttp.ClientSession())
    issuers = Issuers(resources.pool, session, clock=resources.clock)
    await issuers.refresh()
    return Gate(Tokens(issuers, audience=resources.settings.token_audience, clock=resources.clock))


def _redis(url: str) -> Redis:
    connections: Any = BlockingConnectionPool.from_url(
        url,
        max_connections=REDIS_CONNECTIONS,
        timeout=REDIS_TIMEOUT_SECONDS,
        socket_timeout=REDIS_TIMEOUT_SECONDS,
        socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
    )
    return Redis.from_pool(connections)
