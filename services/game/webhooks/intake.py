"""The route of events as plain ASGI: no other is called as often, and the framework costs more than the work.

The framework still has the route (`api.py`): for the document, and for addresses that are written in another
way. Both take an event by `Intake.take`.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final
from uuid import UUID

import msgspec
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.status_codes import HTTP_202_ACCEPTED
from litestar.types import HTTPScope, Receive, Send

from game.errors import Malformed
from game.webhooks.reception import Answer, Received, Reception, Sender
from game.webhooks.signing import Header
from game.wire import JSON, check_media_type

BODY_BYTES: Final = 64 * 1024
ADDRESSES_KEPT: Final = 1_024
ADDRESS: Final = re.compile(r"/v1/webhooks/([a-z0-9-]{1,32})\.([a-z0-9-]{1,32})")
# As the framework names the route.
TEMPLATE: Final = "/v1/webhooks/{source}"

_encoder = msgspec.json.Encoder()


class EventReceived(msgspec.Struct, frozen=True, kw_only=True):
    """The event is kept. `duplicate`: it was there before; `unknown`: nobody has declared its type yet."""

    id: UUID
    state: Answer


@lru_cache(maxsize=ADDRESSES_KEPT)
def sender_at(path: str) -> Sender | None:
    """The source that has this address; None: it is no source's."""
    found = ADDRESS.fullmatch(path)
    return None if found is None else Sender(brand_id=found[1], source=found[2])


class Intake:
    """Takes the requests with events that one process receives."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception

    def is_meant(self, scope: HTTPScope) -> bool:
        """Whether a request has an event for us."""
        return scope["method"] == "POST" and sender_at(scope["path"]) is not None

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Answer a request that is meant for us; refusals are raised."""
        sender = sender_at(scope["path"])
        assert sender is not None
        scope["path_template"] = TEMPLATE
        body = _encoder.encode(event_received(await self.take(sender, scope, receive)))
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": HTTP_202_ACCEPTED, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    async def take(self, sender: Sender, scope: HTTPScope, receive: Receive) -> Received:
        """What became of the event in a request; the body of one without signed headers is not read."""
        stamp = self._reception.stamp(scope["headers"])
        body = await _body(scope, receive)
        check_media_type(_media_type(scope["headers"]))
        return await self._reception.receive(sender, stamp, body)


def event_received(received: Received) -> EventReceived:
    """The answer as it is sent."""
    return EventReceived(id=received.event_id, state=received.state)


async def _body(scope: HTTPScope, receive: Receive) -> bytes:
    announced = _header(scope["headers"], b"content-length")
    if announced.isdigit() and int(announced) > BODY_BYTES:
        raise RequestEntityTooLarge
    body, is_whole = b"", False
    while not is_whole:
        message = await receive()
        if message["type"] != "http.request":
            raise Malformed("request_incomplete", "The connection ended before the request did.")
        body += message.get("body", b"")
        if len(body) > BODY_BYTES:
            raise RequestEntityTooLarge
        is_whole = not message.get("more_body", False)
    return body


def _media_type(headers: Iterable[Header]) -> str:
    given = _header(headers, b"content-type").decode("latin-1")
    return given if given == JSON else given.partition(";")[0].strip().lower()


def _header(headers: Iterable[Header], wanted: bytes) -> bytes:
    return next((value for name, value in headers if name == wanted), b"")
