"""Uncovering scratch cards over HTTP."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from litestar import Controller, post
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from game.auth import AppRequest, Role, require
from game.errors import Invalid
from game.plays import service
from game.plays.api import engine_of
from game.plays.rules import DRAWS_MAX
from game.plays.views import PlayView

Ticket = Annotated[int, msgspec.Meta(ge=1, le=DRAWS_MAX, examples=[1])]


class ScratchIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which tickets of the play to uncover, counted from 1."""

    tickets: Annotated[
        Sequence[Ticket],
        msgspec.Meta(
            min_length=1, max_length=DRAWS_MAX, examples=[[1, 2]], extra_json_schema={"uniqueItems": True}
        ),
    ]


class Scratch(Controller):
    """Tickets that are drawn already and covered until their owner wants to know."""

    path = "/v1/plays"
    tags = ("Plays",)
    guards = (require(Role.PLAYER),)

    @post("/{play_id:str}/scratch", status_code=HTTP_200_OK)
    async def uncover(
        self, request: AppRequest, play_id: FromPath[str], data: JSONBody[ScratchIn]
    ) -> PlayView:
        """Uncover tickets of a settled play. What they show was fixed when they were drawn."""
        if len(set(data.tickets)) < len(data.tickets):
            raise Invalid(
                "invalid_body", "$.tickets: no ticket twice", field="$.tickets", rule="no ticket twice"
            )
        return await service.uncover(engine_of(request), request.caller, play_id, data.tickets)
