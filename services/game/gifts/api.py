"""Gifts over HTTP."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from game.auth import AppRequest, Role, require
from game.campaigns.api import CampaignId
from game.gifts import giving, redeeming, service
from game.gifts.rules import Gift, GiftState, Give
from game.instants import to_datetime
from game.plays.api import IdempotencyKey
from game.polling import SAME, polled
from game.problems import problem_responses

READ = problem_responses(401, 403, 404, 422)
WRITE = problem_responses(400, 401, 403, 404, 409, 413, 415, 422)


class CodeIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A code as somebody typed it: case, blanks, hyphens, and O for 0, I or L for 1 make no difference."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=64, examples=["7ZKQM-2W8RT-D41XP-0B6HJ"])]


class GivenView(msgspec.Struct, frozen=True, kw_only=True):
    """A gift of yours. `badge` is null of chances, `ended_at` while the gift is `open`.

    Of the amount `taken_back` was withdrawn while it was open, since what it was won for was reversed.
    """

    id: UUID
    kind: Literal["chances", "badge"]
    amount: int
    badge: str | None
    state: GiftState
    taken_back: int
    given_at: datetime
    expires_at: datetime
    ended_at: datetime | None


class MadeView(msgspec.Struct, frozen=True, kw_only=True):
    """A gift and its code, which is shown here alone: pass it on to one person."""

    gift: GivenView
    code: str


class ReceivedView(msgspec.Struct, frozen=True, kw_only=True):
    """A gift that you have redeemed. What was in it stands among your prizes."""

    id: UUID
    kind: Literal["chances", "badge"]
    amount: int
    badge: str | None
    received_at: datetime


class GiftsView(msgspec.Struct, frozen=True, kw_only=True):
    """The newest gifts that you have given and received."""

    given: tuple[GivenView, ...]
    received: tuple[ReceivedView, ...]


class Gifts(Controller):
    """What players give to each other."""

    path = "/v1/campaigns/{campaign_id:str}/me"
    tags = ("Gifts",)
    guards = (require(Role.PLAYER),)

    @get("/gifts", responses=SAME | READ)
    async def index(self, request: AppRequest, campaign_id: CampaignId) -> Response[GiftsView | None]:
        """Your gifts. Ask again with `If-None-Match`: what has not changed is not sent."""
        found = await service.gifts(request.resources, request.caller, campaign_id=campaign_id)
        given, received = map(_given, found.given), map(_received, found.received)
        return polled(request, GiftsView(given=tuple(given), received=tuple(received)))

    @post("/gifts", responses=WRITE)
    async def give(
        self,
        request: AppRequest,
        campaign_id: CampaignId,
        idempotency_key: IdempotencyKey,
        data: JSONBody[Give],
    ) -> MadeView:
        """Put chances or a badge into a gift. They are yours no more, unless it is cancelled or expires."""
        asked = giving.Asked(campaign_id=campaign_id, key=idempotency_key, give=data)
        made = await giving.give(request.resources, request.caller, asked)
        return MadeView(gift=_given(made.gift), code=made.code)

    @post("/gifts/{gift_id:uuid}/cancel", status_code=HTTP_200_OK, responses=WRITE)
    async def cancel(
        self, request: AppRequest, campaign_id: CampaignId, gift_id: FromPath[UUID]
    ) -> GivenView:
        """Take back a gift that nobody has redeemed. Repeat it as often as you like."""
        return _given(
            await service.cancel(request.resources, request.caller, campaign_id=campaign_id, gift_id=gift_id)
        )

    @post("/gift-codes/redeem", status_code=HTTP_200_OK, responses=WRITE)
    async def redeem(
        self, request: AppRequest, campaign_id: CampaignId, data: JSONBody[CodeIn]
    ) -> ReceivedView:
        """Receive a gift. A code opens it once; whoever has opened it gets the same answer again."""
        return _received(
            await redeeming.redeem(request.resources, request.caller, campaign_id=campaign_id, code=data.code)
        )


def _given(gift: Gift) -> GivenView:
    return GivenView(
        id=gift.gift_id,
        kind=gift.kind,
        amount=gift.amount,
        badge=gift.badge_id,
        state=gift.state,
        taken_back=gift.taken_back,
        given_at=to_datetime(gift.given_ms),
        expires_at=to_datetime(gift.expires_ms),
        ended_at=None if gift.ended_ms is None else to_datetime(gift.ended_ms),
    )


def _received(gift: Gift) -> ReceivedView:
    assert gift.ended_ms is not None, "a gift that was redeemed has ended"
    return ReceivedView(
        id=gift.gift_id,
        kind=gift.kind,
        amount=gift.units,
        badge=gift.badge_id,
        received_at=to_datetime(gift.ended_ms),
    )
