"""Erasure over HTTP: by a player, or by the brand's admin at a player's request."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Controller, post
from litestar.params import PathParameter
from litestar.status_codes import HTTP_202_ACCEPTED

from game.auth import AppRequest, Role, require
from game.campaigns.chances import Recipient
from game.erasure.service import Erasure, ask_erasure
from game.instants import to_datetime
from game.problems import problem_responses

Subject = Annotated[
    str, PathParameter(pattern="^[A-Za-z0-9._~-]{1,64}$", description="the brand's name of it")
]

BY_PLAYER = "player"


class ErasureView(msgspec.Struct, frozen=True, kw_only=True):
    """When it was asked for, and how many plays, credits and the like are waited for.

    It is done a minute after the request at the earliest, once nothing is. The player is not found then.
    """

    asked_at: datetime
    waits_for: Mapping[str, int]


class Erasures(Controller):
    """The end of what ties a person to what was done here (GDPR article 17, PIPL article 47)."""

    path = "/v1"
    tags = ("Players",)

    @post(
        "/me/erasure",
        guards=[require(Role.PLAYER)],
        status_code=HTTP_202_ACCEPTED,
        responses=problem_responses(401, 403, 404),
    )
    async def mine(self, request: AppRequest) -> ErasureView:
        """Be erased. Nothing new can be begun from now on; what is under way is finished first."""
        caller = request.caller
        return _view(await ask_erasure(request.resources, caller, caller, asked_by=BY_PLAYER))

    @post(
        "/manage/players/{subject:str}/erasure",
        guards=[require(Role.ADMIN)],
        status_code=HTTP_202_ACCEPTED,
        responses=problem_responses(401, 403, 404, 422),
    )
    async def theirs(self, request: AppRequest, subject: Subject) -> ErasureView:
        """Erase a player. Ask again to see what is waited for; who is erased is not found."""
        caller = request.caller
        whom = Recipient(caller.brand_id, subject)
        return _view(await ask_erasure(request.resources, caller, whom, asked_by=caller.subject))


def _view(erasure: Erasure) -> ErasureView:
    return ErasureView(asked_at=to_datetime(erasure.asked_ms), waits_for=erasure.waits_for)
