"""Switches that make the ledger fail on purpose; they exist only when the settings ask for them."""

import asyncio
from collections import deque
from enum import StrEnum
from typing import Annotated, Final, assert_never

import msgspec
from litestar import Controller, put
from litestar.middleware import ASGIMiddleware
from litestar.params import JSONBody
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from sandbox_ledger.problems import Refusal, describe

SCRIPT_MAX: Final = 10_000
LATENCY_MS_MAX: Final = 600_000
PIECES: Final = 8


class FaultKind(StrEnum):
    """What happens to one write; an `_after` or answer fault strikes when it is already committed."""

    NONE = "none"
    LATENCY = "latency"
    REFUSE = "refuse"
    THROTTLE = "throttle"
    DROP_REQUEST = "drop_request"
    DROP_ANSWER = "drop_answer"
    ERROR_BEFORE = "error_before"
    ERROR_AFTER = "error_after"
    TRUNCATE = "truncate"
    GARBLE = "garble"
    TRICKLE = "trickle"
    WRONG_ID = "wrong_id"


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One fault; `latency_ms` is waited before anything else, or before each of a trickle's `PIECES`."""

    kind: FaultKind
    latency_ms: Annotated[int, msgspec.Meta(ge=0, le=LATENCY_MS_MAX)] = 0


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The faults of the next writes, one each; then all is well again."""

    faults: Annotated[list[Fault], msgspec.Meta(max_length=SCRIPT_MAX)]


class PlantedError(Exception):
    """The 500 that was asked for."""


def controller(queue: deque[Fault]) -> type[Controller]:
    """The endpoint that replaces the script."""

    class FaultsController(Controller):
        @put("/v1/faults", status_code=204, include_in_schema=False)
        async def replace(self, data: JSONBody[Script]) -> None:
            queue.clear()
            queue.extend(data.faults)

    return FaultsController


class Faults(ASGIMiddleware):
    """Applies the next fault of the script to every POST of operations."""

    def __init__(self, queue: deque[Fault]) -> None:
        self._queue = queue

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Fail as told, or pass the request on."""
        if scope.get("method") != "POST" or not self._queue:
            await next_app(scope, receive, send)
            return
        fault = self._queue.popleft()
        if fault.kind is FaultKind.TRICKLE:
            send = _slowed(send, piece_seconds=fault.latency_ms / 1_000)
        else:
            await asyncio.sleep(fault.latency_ms / 1_000)
        await _fail(fault.kind, scope=scope, receive=receive, send=send, next_app=next_app)


async def _fail(kind: FaultKind, *, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
    match kind:
        case FaultKind.NONE | FaultKind.LATENCY | FaultKind.TRICKLE:
            await next_app(scope, receive, send)
        case FaultKind.REFUSE:
            raise Refusal(describe("busy", "Refused on purpose."))
        case FaultKind.THROTTLE:
            raise Refusal(describe("throttled", "Throttled on purpose."))
        case FaultKind.DROP_REQUEST:
            await _hang_up(send)
        case FaultKind.ERROR_BEFORE:
            raise PlantedError
        case (
            FaultKind.DROP_ANSWER
            | FaultKind.ERROR_AFTER
            | FaultKind.TRUNCATE
            | FaultKind.GARBLE
            | FaultKind.WRONG_ID
        ):
            await _spoil(kind, await _answer_of(next_app, scope=scope, receive=receive), send=send)
        case _:
            assert_never(kind)


async def _spoil(kind: FaultKind, body: bytes, *, send: Send) -> None:
    match kind:
        case FaultKind.DROP_ANSWER:
            await _hang_up(send)
        case FaultKind.ERROR_AFTER:
            raise PlantedError
        case FaultKind.TRUNCATE:
            await _send_json(body[: len(body) // 2], send=send)
        case FaultKind.GARBLE:
            await _send_json(body.replace(b":", b"="), send=send)
        case _:
            await _send_json(body.replace(b'"id":"', b'"id":"x'), send=send)


async def _answer_of(app: ASGIApp, *, scope: Scope, receive: Receive) -> bytes:
    parts: list[bytes] = []

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.body":
            parts.append(message["body"])

    await app(scope, receive, keep)
    return b"".join(parts)


def _slowed(send: Send, *, piece_seconds: float) -> Send:
    async def send_in_pieces(message: Message) -> None:
        if message["type"] != "http.response.body":
            await send(message)
            return
        body = message["body"]
        size = max(1, -(-len(body) // PIECES))
        for start in range(0, len(body), size):
            await asyncio.sleep(piece_seconds)
            await send({**message, "body": body[start : start + size], "more_body": True})
        await send({**message, "body": b""})

    return send_in_pieces


async def _send_json(body: bytes, *, send: Send) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def _hang_up(send: Send) -> None:
    # A body shorter than announced: the server closes the connection.
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
