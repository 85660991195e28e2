"""Our authentication before a plain Litestar application: a token is verified once and remembered.

Nothing else of the gate is here: no limits, no bound on what is in flight, no metrics, no access line.
"""

import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, cast

import aiohttp
import uvicorn
from litestar import Litestar, Request
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.handlers import HTTPRouteHandler
from litestar.types import HTTPScope, LifeSpanReceive, LifeSpanScope, LifeSpanSend, Receive, Scope, Send

from game.auth import Caller, Role, require
from game.db.pool import open_pool
from game.embedded.ports import LOOPBACK
from game.errors import Unauthenticated
from game.issuers import Issuers
from game.problems import exception_handler
from game.resources import system_clock
from game.serve import OPTIONS, collect_seldom
from game.settings import Settings
from game.tokens import Tokens

BEARER = b"Bearer "

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]
PlayRequest = Request[Caller, Any, State]


class Guarded(Litestar):
    """Lets in who has a token of a brand's player."""

    async def __call__(
        self,
        scope: Scope | LifeSpanScope,
        receive: Receive | LifeSpanReceive,
        send: Send | LifeSpanSend,
    ) -> None:
        """Verify the token, then let the framework answer."""
        if scope["type"] == ScopeType.HTTP:
            asked = cast("HTTPScope", scope)
            given = next((value for name, value in asked["headers"] if name == b"authorization"), b"")
            try:
                asked["user"] = await self.state.tokens.caller(given.removeprefix(BEARER))
            except Unauthenticated:
                asked["user"] = None  # the guard refuses
        await super().__call__(scope, receive, send)


def guarded(handler: HTTPRouteHandler, *lifespans: Lifespan) -> Guarded:
    """An application of one route for players."""
    return Guarded(
        [handler],
        guards=[require(Role.PLAYER)],
        lifespan=[_tokens, *lifespans],
        exception_handlers={Exception: exception_handler},
        logging_config=None,
        openapi_config=None,
    )


@asynccontextmanager
async def _tokens(app: Litestar) -> AsyncIterator[None]:
    settings = Settings.from_environment(os.environ)
    async with (
        await open_pool(settings.database_url, connections=1, application_name="yardstick") as pool,
        aiohttp.ClientSession() as session,
    ):
        issuers = Issuers(pool, session, clock=system_clock)
        await issuers.refresh()
        app.state.tokens = Tokens(issuers, audience=settings.token_audience, clock=system_clock)
        yield


def serve(module: str) -> None:
    """Serve a yardstick on the port that the command line names, with the options of the service."""
    collect_seldom()
    uvicorn.run(f"{module}:application", factory=True, host=LOOPBACK, port=int(sys.argv[1]), **OPTIONS)
