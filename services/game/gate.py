"""What every request passes before it is routed: tokens and limits. Plain ASGI, since all pay for it."""

import asyncio
import time
from collections.abc import Awaitable, Mapping
from typing import Any, Final

import msgspec
import structlog
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Send

from game import telemetry
from game.addresses import client_address
from game.auth import Caller
from game.errors import Invalid, NotFound, Refusal, Unauthenticated, Unavailable
from game.exchange import header
from game.limits import Limits
from game.patience import Patience
from game.problems import MEDIA_TYPE, answer
from game.settings import Network
from game.tokens import Tokens

PATH_LOGGED = 200
# A process that is busy must not be taken for a dead one.
HEALTH: Final = "/health/"
LIVE: Final = "/health/live"

log = structlog.get_logger()


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """How many requests a process takes at a time, and how long it works on one."""

    in_flight: int
    seconds: float


BOUNDS = Bounds(in_flight=2_000, seconds=30.0)


class Gate:
    """Lets requests of whoever may call through to the application."""

    def __init__(
        self,
        tokens: Tokens,
        limits: Limits,
        *,
        trusted_proxies: tuple[Network, ...],
        bounds: Bounds,
    ) -> None:
        self._tokens = tokens
        self._limits = limits
        self._trusted_proxies = trusted_proxies
        self._bounds = bounds
        self._patience: Patience[asyncio.Task[Any]] = Patience(bounds.seconds, self._cut_off)
        self._cut: set[asyncio.Task[Any]] = set()
        self._in_flight = 0

    async def pass_on(self, app: ASGIApp, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Answer a request: through the application, or with the problem that keeps it from there."""
        sent, started = _Sent(send), time.perf_counter()
        self._in_flight += 1
        telemetry.IN_FLIGHT.inc()
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        assert task is not None
        self._patience.begin(task, loop)
        try:
            await self._admit(scope)
            await app(scope, receive, sent)
        except asyncio.CancelledError:
            if task not in self._cut or task.uncancel():
                raise
            await _refuse(_timed_out(self._bounds.seconds), scope, sent)
        except Exception as error:
            await _refuse(error, scope, sent)
        finally:
            self._patience.forget(task)
            self._cut.discard(task)
            self._in_flight -= 1
            telemetry.IN_FLIGHT.dec()
            telemetry.observe(scope, status=sent.status, seconds=time.perf_counter() - started)

    def _cut_off(self, task: "asyncio.Task[Any]") -> None:
        self._cut.add(task)
        task.cancel()

    async def _admit(self, scope: HTTPScope) -> None:
        path = scope["path"]
        if self._in_flight > self._bounds.in_flight and not path.startswith(HEALTH):
            raise Unavailable(
                "busy", "Too many requests are in flight; nothing was stored.", retry_after_seconds=1
            )
        _check_address(scope)
        address = client_address(scope, self._trusted_proxies)
        scope["user"] = caller = await self._caller(scope, address)
        if path != LIVE:
            await self._limits.admit(address, caller)

    async def _caller(self, scope: HTTPScope, address: str) -> Caller | None:
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        if not given:
            return None
        try:
            return await self._tokens.caller(_bearer_token(given))
        except Unauthenticated as refusal:
            await self._limits.admit(address, None)
            path = scope["path"][:PATH_LOGGED]
            log.warning("auth.denied", code=refusal.code, reason=refusal.detail, path=path, address=address)
            raise


class _Sent:
    """Passes messages on and keeps the status."""

    __slots__ = ("send", "status")

    def __init__(self, send: Send) -> None:
        self.send = send
        self.status = 0

    def __call__(self, message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        return self.send(message)


def _bearer_token(given: list[bytes]) -> bytes:
    scheme, _, token = given[0].partition(b" ")
    if len(given) > 1 or scheme.lower() != b"bearer":
        raise Unauthenticated("token_invalid", "Send one Authorization header: Bearer and the token.")
    return token.strip()


def _check_address(scope: HTTPScope) -> None:
    # PostgreSQL cannot store a NUL, and `$` of a pattern lets a final line break pass: no name has either.
    if "\0" in scope["path"] or "\n" in scope["path"]:
        raise NotFound("route_not_found", "There is nothing at this address.")
    if b"%00" in scope["query_string"]:
        raise Invalid("invalid_parameter", "Parameters may not contain NUL.", rules=["no NUL"])


def _timed_out(timeout_seconds: float) -> Refusal:
    return Unavailable(
        "timed_out",
        f"There was no answer within {timeout_seconds} s. Ask again, a play with the same Idempotency-Key.",
        retry_after_seconds=1,
    )


async def _refuse(error: Exception, scope: HTTPScope, sent: _Sent) -> None:
    if sent.status:  # too late for another answer: the server closes the connection
        raise error
    answered = answer(error, accept_language=header(scope, b"accept-language"))
    headers = {"Content-Type": MEDIA_TYPE, "Content-Length": str(len(answered.body))} | answered.headers
    await sent({"type": "http.response.start", "status": answered.status, "headers": _encoded(headers)})
    await sent({"type": "http.response.body", "body": answered.body, "more_body": False})


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
