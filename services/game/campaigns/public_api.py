"""What everybody may see. With a token, another brand's campaign is not there."""

from typing import Annotated

from litestar import Controller, Response, get
from litestar.datastructures import CacheControlHeader
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter

from game.auth import PUBLIC, AppRequest, Caller
from game.campaigns.api import CampaignCursor, CampaignId, PoolId
from game.campaigns.document import RulesDocument
from game.campaigns.public import list_campaigns, no_such_brand, rules_text, show_campaign
from game.campaigns.public_views import CampaignView, campaign_view
from game.campaigns.views import SummaryPage, summary_page
from game.polling import SAME, polled
from game.polls import whole
from game.problems import problem_responses
from game.reads import Route
from game.resources import Resources

PAGE = 50
FOR_GOOD = CacheControlHeader(public=True, max_age=31_536_000, immutable=True)
PROBLEMS = problem_responses(401, 404, 422)
RULES = ResponseSpec(RulesDocument, generate_examples=False, description="The rules, in canonical JSON")

BRAND = "^[a-z0-9-]{1,32}$"
# Pages after the first are as many as there are cursors to invent.
READS = (
    Route(template="/v1/campaigns", parameters={"brand": BRAND}),
    Route(template="/v1/campaigns/{campaign_id}", parameters={}, tells_players=True),
)


async def _shown(resources: Resources, caller: Caller | None, *, campaign_id: str) -> CampaignView:
    return campaign_view(await show_campaign(resources, caller, campaign_id=campaign_id))


POLLS = (whole(None, _shown),)

BrandId = Annotated[str, QueryParameter(pattern=BRAND, description="1 to 32 of a-z, 0-9 and -")]


class PublicCampaigns(Controller):
    """Launched campaigns: rules, exact odds, what is left, and what binds the operator."""

    path = "/v1/campaigns"
    tags = ("Public",)
    opt = PUBLIC

    @get("/", responses=SAME | PROBLEMS)
    async def index(
        self, request: AppRequest, brand: BrandId, after: CampaignCursor = ""
    ) -> Response[SummaryPage | None]:
        """A brand's launched campaigns, by id."""
        if request.user and request.user.brand_id != brand:
            raise no_such_brand()
        found = await list_campaigns(request.resources, brand_id=brand, after=after, limit=PAGE)
        return polled(request, summary_page(found, limit=PAGE))

    @get("/{campaign_id:str}", responses=SAME | PROBLEMS)
    async def show(self, request: AppRequest, campaign_id: CampaignId) -> Response[CampaignView | None]:
        """A launched campaign. A player's token adds what is left of the limits and what may be played."""
        return polled(request, await _shown(request.resources, request.user, campaign_id=campaign_id))

    @get(
        "/{campaign_id:str}/rules/{pool_id:str}",
        media_type="application/json",
        cache_control=FOR_GOOD,
        responses={200: RULES, **PROBLEMS},
    )
    async def rules(self, request: AppRequest, campaign_id: CampaignId, pool_id: PoolId) -> bytes:
        """The exact bytes whose SHA-256 is `rules` in the pool's log entry."""
        return await rules_text(request.resources, request.user, campaign_id=campaign_id, pool_id=pool_id)
