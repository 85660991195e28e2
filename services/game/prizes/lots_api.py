"""A player's free plays over HTTP."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import Controller, Response, get
from litestar.params import QueryParameter

from game.auth import AppRequest, Caller, Role, require
from game.campaigns.api import CampaignId
from game.campaigns.rules import Text
from game.instants import to_datetime
from game.polling import SAME, polled
from game.polls import whole
from game.prizes.lots import Lot, LotKind, open_lots
from game.problems import problem_responses
from game.resources import Resources
from game.texts import rewards

PAGE: Final = 50
FIRST: Final = UUID(int=0)

After = Annotated[UUID | None, QueryParameter(description="`next` of the page before")]


class LotView(msgspec.Struct, frozen=True, kw_only=True):
    """Free plays out of one source. `kind` is its code, `source` the same in words.

    `units_left` of the `granted` can be used until `expires_at`.
    """

    lot_id: UUID
    kind: LotKind
    source: Text
    granted: int
    units_left: int
    expires_at: datetime


class LotPage(msgspec.Struct, frozen=True, kw_only=True):
    """Free plays in the order in which they are used, oldest expiry first.

    `chances_left` counts those of all pages. `next` is the cursor of the page that follows, null at the end.
    """

    chances_left: int
    lots: tuple[LotView, ...]
    next: UUID | None


class ChanceLots(Controller):
    """A player's free plays."""

    path = "/v1/campaigns/{campaign_id:str}/me/chances"
    tags = ("Prizes",)
    guards = (require(Role.PLAYER),)

    @get("/", responses=SAME | problem_responses(401, 403, 404, 422))
    async def index(
        self, request: AppRequest, campaign_id: CampaignId, after: After = None
    ) -> Response[LotPage | None]:
        """Your free plays in a campaign. Ask again with `If-None-Match`: what has not changed is not sent."""
        page = await _page(request.resources, request.caller, campaign_id=campaign_id, after=after or FIRST)
        return polled(request, page)


async def _page(resources: Resources, caller: Caller, *, campaign_id: str, after: UUID = FIRST) -> LotPage:
    found = await open_lots(resources, caller, campaign_id=campaign_id, after=after, limit=PAGE)
    views = tuple(map(_view, found.lots))
    return LotPage(
        chances_left=found.chances_left, lots=views, next=views[-1].lot_id if len(views) == PAGE else None
    )


POLLS = (whole("chances", _page),)


def _view(lot: Lot) -> LotView:
    words = rewards()["sources"].get(lot.kind) or rewards()["sources"]["other"]
    return LotView(
        lot_id=lot.lot_id,
        kind=lot.kind,
        source=Text(zh=words["zh"], en=words["en"]),
        granted=lot.granted,
        units_left=lot.units_left,
        expires_at=to_datetime(lot.expires_ms),
    )
