"""What every request passes before it is routed: tokens and limits. Plain ASGI, since all pay for it."""

import asyncio
from collections.abc import Mapping
from typing import Final

import structlog
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Send

from game.auth import Caller
from game.errors import Invalid, NotFound, Refusal, Unauthenticated, Unavailable
from game.problems import MEDIA_TYPE, answer
from game.tokens import Tokens

IN_FLIGHT_LIMIT = 2_000
REQUEST_TIMEOUT_SECONDS = 30.0
HEALTH: Final = "/health/"

log = structlog.get_logger()


class Gate:
    """Lets requests of whoever may call through to the application, at most `in_flight_limit` at a time."""

    def __init__(
        self,
        tokens: Tokens,
        *,
        in_flight_limit: int = IN_FLIGHT_LIMIT,
        timeout_seconds: float = REQUEST_TIMEOUT_SECONDS,
    ) -> None:
        self._tokens = tokens
        self._in_flight_limit = in_flight_limit
        self._timeout_seconds = timeout_seconds
        self.in_flight = 0

    async def pass_on(self, app: ASGIApp, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Answer a request: through the application, or with the problem that keeps it from there."""
        sent = _Sent(send)
        self.in_flight += 1
        try:
            async with asyncio.timeout(self._timeout_seconds):
                await self._admit(scope)
                await app(scope, receive, sent)
        except TimeoutError:
            await _refuse(_timed_out(self._timeout_seconds), scope, sent)
        except Exception as error:
            await _refuse(error, scope, sent)
        finally:
            self.in_flight -= 1

    async def _admit(self, scope: HTTPScope) -> None:
        if self.in_flight > self._in_flight_limit and not scope["path"].startswith(HEALTH):
            raise Unavailable(
                "busy", "Too many requests are in flight; nothing was stored.", retry_after_seconds=1
            )
        _check_address(scope)
        scope["user"] = await self._caller(scope)

    async def _caller(self, scope: HTTPScope) -> Caller | None:
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        if not given:
            return None
        try:
            return await self._tokens.caller(_bearer_token(given))
        except Unauthenticated as refusal:
            log.warning("auth.denied", code=refusal.code, reason=refusal.detail, path=scope["path"])
            raise


class _Sent:
    """Passes messages on and keeps the status."""

    __slots__ = ("send", "status")

    def __init__(self, send: Send) -> None:
        self.send = send
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self.send(message)


def _bearer_token(given: list[bytes]) -> bytes:
    scheme, _, token = given[0].partition(b" ")
    if len(given) > 1 or scheme.lower() != b"bearer":
        raise Unauthenticated("token_invalid", "Send one Authorization header: Bearer and the token.")
    return token.strip()


def _check_address(scope: HTTPScope) -> None:
    # PostgreSQL cannot store a NUL, so nothing can have one in its name.
    if "\0" in scope["path"]:
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
    answered = answer(error, accept_language=_header(scope, b"accept-language"))
    headers = {"Content-Type": MEDIA_TYPE, "Content-Length": str(len(answered.body))} | answered.headers
    await sent({"type": "http.response.start", "status": answered.status, "headers": _encoded(headers)})
    await sent({"type": "http.response.body", "body": answered.body, "more_body": False})


def _header(scope: HTTPScope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
