"""The routes of one play as plain ASGI: to look it up, and to uncover tickets, as after most plays of cards.

The framework still has the routes: for the document, and for requests that are written in another way.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from litestar.status_codes import HTTP_200_OK
from litestar.types import ASGIApp, HTTPScope, Receive, Send

from game.auth import Role
from game.errors import Invalid
from game.exchange import json_body, plain_headers, send_json
from game.plays import service
from game.plays.engine import Engine
from game.plays.rules import DRAWS_MAX

PREFIX: Final = "/v1/plays/"
ADDRESS: Final = re.compile(PREFIX + r"([a-z0-9]{12}-[0-9a-f]{32})(/scratch)?")
# As the framework names the routes.
TEMPLATE: Final = "/v1/plays/{play_id}"

_encoder = msgspec.json.Encoder()

Ticket = Annotated[int, msgspec.Meta(ge=1, le=DRAWS_MAX, examples=[1])]


class ScratchIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which tickets of the play to uncover, counted from 1."""

    tickets: Annotated[
        Sequence[Ticket],
        msgspec.Meta(
            min_length=1, max_length=DRAWS_MAX, examples=[[1, 2]], extra_json_schema={"uniqueItems": True}
        ),
    ]


def tickets_of(data: ScratchIn) -> Sequence[int]:
    """The tickets to uncover; Invalid where one is named twice."""
    if len(set(data.tickets)) < len(data.tickets):
        raise Invalid("invalid_body", "$.tickets: no ticket twice", field="$.tickets", rule="no ticket twice")
    return data.tickets


class Looks:
    """Takes the looks at single plays that one process is asked for."""

    def __init__(self, engine: Engine, framework: ASGIApp) -> None:
        self._engine = engine
        self._framework = framework

    def is_meant(self, scope: HTTPScope) -> bool:
        """Whether a request is for a play that is there."""
        if not scope["path"].startswith(PREFIX) or scope["query_string"]:
            return False
        asked = ADDRESS.fullmatch(scope["path"])
        return asked is not None and scope["method"] == ("POST" if asked[2] else "GET")

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Answer a request that is meant for us; refusals are raised."""
        caller, asked = scope["user"], ADDRESS.fullmatch(scope["path"])
        assert asked is not None
        is_plain = not asked[2] or plain_headers(scope) is not None
        if not is_plain or caller is None or Role.PLAYER not in caller.roles:
            await self._framework(scope, receive, send)
            return
        scope["path_template"] = TEMPLATE + (asked[2] or "")
        view = await (
            service.uncover(
                self._engine, caller, asked[1], tickets_of(await json_body(scope, receive, ScratchIn))
            )
            if asked[2]
            else service.read(self._engine, caller, asked[1])
        )
        await send_json(send, HTTP_200_OK, _encoder.encode(view))
