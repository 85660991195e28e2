"""The route of batches as plain ASGI: the framework costs as much as deciding them.

The framework still has the route (`api.py`): for the document, and for requests that do not say how
long they are.
"""

from collections.abc import Callable
from typing import Final

import msgspec
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from sandbox_ledger.problems import Refusal, describe
from sandbox_ledger.reading import read_batch
from sandbox_ledger.turns import Turns
from sandbox_ledger.wire import BatchAnswer, Operation, Refused

ADDRESS: Final = "/v1/operations:batch"

_encoder: Final = msgspec.json.Encoder()


async def decided(turns: Turns, body: bytes) -> BatchAnswer:
    """One result per operation, in the order sent; raises `Refusal` when the body is no batch at all."""
    items = read_batch(body)
    results = iter(await turns.apply([item for item in items if isinstance(item, Operation)]))
    return BatchAnswer([item if isinstance(item, Refused) else next(results) for item in items])


class Intake(ASGIMiddleware):
    """Answers batches; all else is the framework's."""

    def __init__(self, turns: Callable[[], Turns], *, body_bytes_max: int) -> None:
        self._turns = turns
        self._body_bytes_max = body_bytes_max

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Answer a batch that says how long it is, or pass the request on."""
        if not self._is_meant(scope):
            await next_app(scope, receive, send)
            return
        answer = await decided(self._turns(), await _whole_body(receive))
        body = _encoder.encode(answer)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    def _is_meant(self, scope: Scope) -> bool:
        if scope.get("method") != "POST" or scope["path"] != ADDRESS:
            return False
        announced = _announced(scope)
        return announced.isdigit() and int(announced) <= self._body_bytes_max


def _announced(scope: Scope) -> bytes:
    return next((value for name, value in scope["headers"] if name == b"content-length"), b"")


async def _whole_body(receive: Receive) -> bytes:
    """No longer than it said: the server sees to that."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Refusal(describe("invalid", "The connection ended before the request did."))
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)
