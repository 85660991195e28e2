"""Composition: settings in, a Litestar application out."""

import hmac
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg
from litestar import Litestar, Request, Response
from litestar.datastructures import Headers, State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.middleware import ASGIMiddleware
from litestar.openapi import OpenAPIConfig
from litestar.types import ASGIApp, Receive, Scope, Send

from sandbox_ledger import problems, store
from sandbox_ledger.api import LedgerController
from sandbox_ledger.expiry import DAY_MS
from sandbox_ledger.faults import Fault, Faults
from sandbox_ledger.faults import controller as fault_controller
from sandbox_ledger.intake import Intake
from sandbox_ledger.problems import Refusal, describe
from sandbox_ledger.service import Resources
from sandbox_ledger.settings import POINTS_TTL_DAYS
from sandbox_ledger.turns import Turns
from sandbox_ledger.wire import Problem

BODY_BYTES_MAX: Final = 1_000_000
CONNECTIONS_MAX: Final = 8
_CODE_OF_STATUS: Final = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}


_log: Final = logging.getLogger("sandbox_ledger")


def wall_clock_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def create_app(
    *,
    database_url: str,
    token: str,
    faults: bool,
    points_ttl_days: int = POINTS_TTL_DAYS,
    now_ms: Callable[[], int] = wall_clock_ms,
) -> Litestar:
    """The ledger over one database; its tables live in their own schema and are created at start."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with asyncpg.create_pool(
            database_url,
            min_size=1,
            max_size=CONNECTIONS_MAX,
            server_settings=store.SESSION,
            reset=_nothing_to_reset,
        ) as pool:
            async with pool.acquire() as connection:
                await store.apply_schema(connection)
            resources = Resources(pool=pool, now_ms=now_ms, points_ttl_ms=points_ttl_days * DAY_MS)
            app.state.resources, app.state.turns = resources, Turns(resources)
            yield

    script: deque[Fault] = deque()
    app = Litestar(
        [LedgerController, fault_controller(script)] if faults else [LedgerController],
        lifespan=[lifespan],
        dependencies={
            "resources": Provide(_resources, sync_to_thread=False),
            "turns": Provide(_turns, sync_to_thread=False),
        },
        middleware=[
            BearerToken(token),
            Faults(script),
            Intake(lambda: _turns(app.state), body_bytes_max=BODY_BYTES_MAX),
        ],
        exception_handlers={Exception: _answer},
        request_max_body_size=BODY_BYTES_MAX,
        openapi_config=OpenAPIConfig(title="Core ledger", version="1.0.0", path="/schema"),
        logging_config=None,
    )
    return app


class BearerToken(ASGIMiddleware):
    """401 before anything is read."""

    def __init__(self, token: str) -> None:
        self._expected = f"Bearer {token}".encode()

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Let the request through when it carries the token."""
        sent = Headers.from_scope(scope).get("authorization", "")
        if not hmac.compare_digest(sent.encode(), self._expected):
            raise Refusal(describe("unauthorized", "Send Authorization: Bearer and the configured token."))
        await next_app(scope, receive, send)


def _resources(state: State) -> Resources:
    resources: Resources = state.resources
    return resources


def _turns(state: State) -> Turns:
    turns: Turns = state.turns
    return turns


def _answer(_request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    problem = _problem_of(error)
    if problem.status == 500:
        _log.error("request.broke", exc_info=error)
    return Response(
        problems.encode(problem),
        status_code=problem.status,
        headers=problems.headers_of(problem) | _headers_of(error),
        media_type=problems.MEDIA_TYPE,
    )


def _problem_of(error: Exception) -> Problem:
    match error:
        case Refusal():
            return error.problem
        case HTTPException() if error.status_code < 500:
            return describe(_CODE_OF_STATUS.get(error.status_code, "invalid"), _detail_of(error))
        case _:
            return describe("internal", "Look the operation up, fence it, or send the same again.")


async def _nothing_to_reset(_connection: object) -> None:
    # Transactions here leave nothing behind in their session; the default costs a round trip each time.
    pass


def _headers_of(error: Exception) -> dict[str, str]:
    return (error.headers or {}) if isinstance(error, HTTPException) else {}


def _detail_of(error: HTTPException) -> str:
    if not isinstance(error.extra, list):
        return error.detail
    return "; ".join(f"{item.get('key', 'body')}: {item.get('message')}" for item in error.extra)
