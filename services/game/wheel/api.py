"""What the app needs to draw a wheel."""

import msgspec
from litestar import Controller, Response, get

from game.auth import PUBLIC, AppRequest
from game.campaigns.api import CampaignId, PoolId
from game.campaigns.rules import PoolTerms
from game.campaigns.service import no_such_pool, pool_terms
from game.polling import SAME, polled
from game.problems import problem_responses
from game.reads import Route
from game.wheel.rules import segments

READS = (Route(template="/v1/campaigns/{campaign_id}/pools/{pool_id}/wheel", parameters={}),)


class SegmentView(msgspec.Struct, frozen=True, kw_only=True):
    """One segment, clockwise from the top in thousandths of a degree, and the row that it stands for."""

    row: str
    start_millidegrees: int
    arc_millidegrees: int


class WheelView(msgspec.Struct, frozen=True, kw_only=True):
    """A wheel as it is drawn; `face.segment` of a draw counts these from 0."""

    segments: tuple[SegmentView, ...]


class Wheel(Controller):
    """Wheels as the app shows them."""

    path = "/v1/campaigns/{campaign_id:str}/pools/{pool_id:str}/wheel"
    tags = ("Public",)
    opt = PUBLIC

    @get("/", responses=SAME | problem_responses(401, 404, 422, 429, 503))
    async def show(
        self, request: AppRequest, campaign_id: CampaignId, pool_id: PoolId
    ) -> Response[WheelView | None]:
        """The segments of a published wheel. They follow from the prize table and never change."""
        terms = await pool_terms(request.resources, campaign_id=campaign_id, pool_id=pool_id)
        is_foreign = request.user is not None and request.user.brand_id != terms.brand_id
        if terms.game != "wheel" or is_foreign:
            raise no_such_pool()
        return polled(request, _view(terms))


def _view(terms: PoolTerms) -> WheelView:
    return WheelView(
        segments=tuple(
            SegmentView(
                row=terms.prizes[segment.row_ordinal].row_id,
                start_millidegrees=segment.start_millidegrees,
                arc_millidegrees=segment.arc_millidegrees,
            )
            for segment in segments(terms)
        )
    )
