"""The route of plays as plain ASGI: the framework costs more than anything else that a play needs of us.

The framework still has the route (`api.py`): for the document, and for requests that are written in another
way or lack something. Both play by `played`.
"""

import re
from functools import lru_cache
from typing import Annotated, Final

import msgspec
from litestar.status_codes import HTTP_201_CREATED, HTTP_202_ACCEPTED
from litestar.types import ASGIApp, HTTPScope, Receive, Send

from game.auth import Caller, Role
from game.exchange import json_body, plain_headers, send_json
from game.plays import service
from game.plays.engine import Engine
from game.plays.rules import DRAWS_MAX, PaidWith
from game.plays.views import PlayView

ADDRESSES_KEPT: Final = 1_024
# Nothing longer is looked up, and kept.
ADDRESS_LONGEST: Final = 96
ADDRESS: Final = re.compile(r"/v1/campaigns/([a-z0-9]{12})/pools/([a-z0-9-]{1,32})/plays")
# As the framework names the route.
TEMPLATE: Final = "/v1/campaigns/{campaign_id}/pools/{pool_id}/plays"
IDEMPOTENCY_KEY: Final = r"^[!-~]{1,200}$(?!\n)"

_encoder = msgspec.json.Encoder()
_key = re.compile(rb"[!-~]{1,200}")


class PlayIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many draws, and whether they are paid with points or with chances (free plays)."""

    count: Annotated[int, msgspec.Meta(ge=1, le=DRAWS_MAX, examples=[1])]
    pay_with: PaidWith


class Place(msgspec.Struct, frozen=True):
    """The pool that an address names."""

    campaign_id: str
    pool_id: str


@lru_cache(maxsize=ADDRESSES_KEPT)
def place_at(path: str) -> Place | None:
    """The pool whose plays have this address; None: it is not that of plays."""
    found = ADDRESS.fullmatch(path)
    return None if found is None else Place(found[1], found[2])


async def played(engine: Engine, caller: Caller, place: Place, wanted: PlayIn, *, key: str) -> PlayView:
    """Play, and wait for the outcome up to the deadline."""
    terms = await service.terms_for(engine, caller, campaign_id=place.campaign_id, pool_id=place.pool_id)
    return await service.play(engine, caller, terms, key=key, draws=wanted.count, paid_with=wanted.pay_with)


def status_of(view: PlayView) -> int:
    """201 once the outcome is told, 202 while it is under way."""
    return HTTP_202_ACCEPTED if view.finished_at is None else HTTP_201_CREATED


class Intake:
    """Takes the plays that one process is asked for; all that is not plainly right goes to the framework."""

    def __init__(self, engine: Engine, framework: ASGIApp) -> None:
        self._engine = engine
        self._framework = framework

    def is_meant(self, scope: HTTPScope) -> bool:
        """Whether a request is for a play."""
        path = scope["path"]
        return scope["method"] == "POST" and len(path) <= ADDRESS_LONGEST and place_at(path) is not None

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Answer a request that is meant for us; refusals are raised."""
        caller, key, place = scope["user"], _plain_key(scope), place_at(scope["path"])
        if key is None or caller is None or Role.PLAYER not in caller.roles:
            await self._framework(scope, receive, send)
            return
        assert place is not None
        scope["path_template"] = TEMPLATE
        wanted = await json_body(scope, receive, PlayIn)
        view = await played(self._engine, caller, place, wanted, key=key)
        await send_json(send, status_of(view), _encoder.encode(view))


def _plain_key(scope: HTTPScope) -> str | None:
    """The key of a request whose headers are as they should be, each given once; None: of any other."""
    headers = plain_headers(scope) or {}
    key = headers.get(b"idempotency-key", b"")
    return key.decode() if _key.fullmatch(key) else None
