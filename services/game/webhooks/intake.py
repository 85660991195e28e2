"""The route of events as plain ASGI: no other is called as often, and the framework costs more than the work.

The framework still has the route (`api.py`): for the document, and for addresses that are written in another
way. Both take an event by `Intake.take`.
"""

import re
from functools import lru_cache
from typing import Final
from uuid import UUID

import msgspec
from litestar.status_codes import HTTP_202_ACCEPTED
from litestar.types import HTTPScope, Receive, Send

from game.exchange import media_type, send_json, whole_body
from game.webhooks.reception import Answer, Received, Reception, Sender
from game.wire import check_media_type

BODY_BYTES: Final = 64 * 1024
ADDRESSES_KEPT: Final = 1_024
# Nothing longer is looked up, and kept.
ADDRESS_LONGEST: Final = 96
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
        path = scope["path"]
        return scope["method"] == "POST" and len(path) <= ADDRESS_LONGEST and sender_at(path) is not None

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Answer a request that is meant for us; refusals are raised."""
        sender = sender_at(scope["path"])
        assert sender is not None
        scope["path_template"] = TEMPLATE
        body = _encoder.encode(event_received(await self.take(sender, scope, receive)))
        await send_json(send, HTTP_202_ACCEPTED, body)

    async def take(self, sender: Sender, scope: HTTPScope, receive: Receive) -> Received:
        """What became of the event in a request; the body of one without signed headers is not read."""
        stamp = self._reception.stamp(scope["headers"])
        body = await whole_body(scope, receive, bytes_max=BODY_BYTES)
        check_media_type(media_type(scope))
        return await self._reception.receive(sender, stamp, body)


def event_received(received: Received) -> EventReceived:
    """The answer as it is sent."""
    return EventReceived(id=received.event_id, state=received.state)
