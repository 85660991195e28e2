"""Uncovering scratch cards over HTTP."""

from litestar import Controller, post
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from game.auth import AppRequest, Role, require
from game.plays import service
from game.plays.api import engine_of
from game.plays.views import PlayView
from game.scratch.intake import ScratchIn, tickets_of


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
        return await service.uncover(engine_of(request), request.caller, play_id, tickets_of(data))
