"""Seats and plays over HTTP."""

from typing import Annotated

import msgspec
from litestar import Controller, Response, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, HeaderParameter, JSONBody, QueryParameter
from litestar.status_codes import HTTP_201_CREATED, HTTP_202_ACCEPTED

from game.auth import AppRequest, Role, require
from game.plays import service
from game.plays.engine import Engine
from game.plays.intake import IDEMPOTENCY_KEY, Place, PlayIn, played, status_of
from game.plays.views import AnchorView, PlayPage, PlayView, SeatedView
from game.polling import SAME, polled
from game.polls import whole
from game.problems import problem_responses

IdempotencyKey = Annotated[
    str,
    HeaderParameter(
        name="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=IDEMPOTENCY_KEY,
        description="Of your choice, new for each play. The same key with the same body is the same play.",
    ),
]
Limit = Annotated[int, QueryParameter(ge=1, le=service.PAGE_MAX)]
Before = Annotated[str | None, QueryParameter(max_length=100, description="The `next` of the page before.")]
UNDER_WAY = {
    HTTP_202_ACCEPTED: ResponseSpec(
        PlayView, description="Stored and under way: ask again with GET, or with the same key."
    )
}


POLLS = (whole("plays", service.history),)


class SeatIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`seed` is the player's own randomness in hex, 0 to 32 bytes; at least 16 in a pool without a beacon."""

    seed: Annotated[
        str,
        msgspec.Meta(pattern=r"^([0-9a-f]{2}){0,32}$(?!\n)", examples=["00112233445566778899aabbccddeeff"]),
    ]


def engine_of(request: AppRequest) -> Engine:
    """The plays of this process."""
    engine = request.app.state.engine
    assert isinstance(engine, Engine)
    return engine


class Seats(Controller):
    """Places in a pool, each good for a number of draws."""

    path = "/v1/campaigns/{campaign_id:str}/pools/{pool_id:str}"
    tags = ("Plays",)
    guards = (require(Role.PLAYER),)

    @post("/anchors", status_code=HTTP_201_CREATED)
    async def anchor(
        self, request: AppRequest, campaign_id: FromPath[str], pool_id: FromPath[str]
    ) -> AnchorView:
        """Show the anchor of your next seat, before you choose its seed (pools without a beacon)."""
        engine = engine_of(request)
        terms = await service.terms_for(engine, request.caller, campaign_id=campaign_id, pool_id=pool_id)
        return await service.offer_anchor(engine, request.caller, terms)

    @post("/seats", status_code=HTTP_201_CREATED, responses=problem_responses(400, 413, 415, 422))
    async def seat(
        self, request: AppRequest, campaign_id: FromPath[str], pool_id: FromPath[str], data: JSONBody[SeatIn]
    ) -> SeatedView:
        """Open a seat with your seed. The answer is the seat's log entry and its receipt: keep them."""
        engine = engine_of(request)
        terms = await service.terms_for(engine, request.caller, campaign_id=campaign_id, pool_id=pool_id)
        return await service.open_seat(engine, request.caller, terms, bytes.fromhex(data.seed))

    @post("/plays", status_code=HTTP_201_CREATED, responses=UNDER_WAY | problem_responses(400, 413, 415, 422))
    async def play(
        self,
        request: AppRequest,
        campaign_id: FromPath[str],
        pool_id: FromPath[str],
        idempotency_key: IdempotencyKey,
        data: JSONBody[PlayIn],
    ) -> Response[PlayView]:
        """Play: pay, draw, and learn the outcome with its receipts.

        202 when the outcome is not known within the request's deadline; it never means that you were charged
        for nothing. Repeat the request with the same key as often as you like.
        """
        place = Place(campaign_id, pool_id)
        view = await played(engine_of(request), request.caller, place, data, key=idempotency_key)
        return Response(view, status_code=status_of(view))


class Plays(Controller):
    """A player's own plays."""

    path = "/v1"
    tags = ("Plays",)
    guards = (require(Role.PLAYER),)

    @get("/plays/{play_id:str}")
    async def one(self, request: AppRequest, play_id: FromPath[str]) -> PlayView:
        """One play with its draws and their receipts."""
        return await service.read(engine_of(request), request.caller, play_id)

    @get("/campaigns/{campaign_id:str}/me/plays", responses=SAME)
    async def history(
        self,
        request: AppRequest,
        campaign_id: FromPath[str],
        before: Before = None,
        limit: Limit = service.PAGE,
    ) -> Response[PlayPage | None]:
        """Your plays in a campaign, newest first, without their draws.

        Ask again with `If-None-Match`: what has not changed is not sent.
        """
        page = await service.history(
            request.resources, request.caller, campaign_id=campaign_id, before=before, limit=limit
        )
        return polled(request, page)
