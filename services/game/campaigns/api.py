"""The managers' routes. To a manager of one brand another brand's campaign is not there."""

from typing import Annotated

from litestar import Controller, Response, delete, get, post, put
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody, PathParameter, QueryParameter
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED, HTTP_202_ACCEPTED

from game.auth import AppRequest, Role, require
from game.campaigns.access import campaigns, changes, managed
from game.campaigns.answers import ChancesView, ChangePage, VouchersAdded, chances_view, change_page
from game.campaigns.chances import grant_chances
from game.campaigns.drafting import add_pool, add_vouchers, create_campaign, edit_campaign
from game.campaigns.drafts import CampaignDraft, CampaignEdit, ChancesGrant, PoolDraft, VoucherCodes
from game.campaigns.launch import launch, turn
from game.campaigns.removal import remove_pool
from game.campaigns.replacement import replace_pool
from game.campaigns.views import ManagedCampaign, SummaryPage, managed_view, summary_page
from game.instants import to_ms
from game.problems import problem_responses

PAGE = 50
CHANGES_PAGE = 100

CampaignId = Annotated[str, PathParameter(pattern="^[a-z0-9]{12}$", description="12 of a-z and 0-9")]
PoolId = Annotated[str, PathParameter(pattern="^[a-z0-9-]{1,32}$", description="1 to 32 of a-z, 0-9 and -")]
CampaignCursor = Annotated[
    str, QueryParameter(pattern="^[a-z0-9]{0,12}$", description="`next` of the page before")
]
ChangeIndex = Annotated[int, QueryParameter(ge=0, le=2**31 - 1, description="`next` of the page before")]

_WAITS = {
    HTTP_202_ACCEPTED: ResponseSpec(
        ManagedCampaign, description="The old pool drains; it is replaced when its plays are finished."
    )
}
_READ = problem_responses(401, 403, 404, 422)
_WRITE = problem_responses(400, 401, 403, 404, 409, 413, 415, 422)
_PAY = problem_responses(400, 401, 403, 404, 409, 413, 415, 422, 503)

_READERS = [require(Role.MANAGER, Role.APPROVER, Role.AUDITOR, Role.ADMIN)]
_WRITERS = [require(Role.MANAGER, Role.ADMIN)]


async def _shown(request: AppRequest, campaign_id: str) -> ManagedCampaign:
    return managed_view(await managed(request.resources, request.caller, campaign_id=campaign_id))


class Campaigns(Controller):
    """A campaign from its draft to its end."""

    path = "/v1/manage/campaigns"
    tags = ("Campaigns",)

    @post("/", guards=_WRITERS, responses=_WRITE)
    async def create(self, request: AppRequest, data: JSONBody[CampaignDraft]) -> ManagedCampaign:
        """Create a draft."""
        campaign_id = await create_campaign(request.resources, request.caller, data)
        return await _shown(request, campaign_id)

    @get("/", guards=_READERS, responses=_READ)
    async def index(self, request: AppRequest, after: CampaignCursor = "") -> SummaryPage:
        """The brand's campaigns, drafts included, by id."""
        found = await campaigns(request.resources, request.caller, after=after, limit=PAGE)
        return summary_page(found, limit=PAGE)

    @get("/{campaign_id:str}", guards=_READERS, responses=_READ)
    async def show(self, request: AppRequest, campaign_id: CampaignId) -> ManagedCampaign:
        """A campaign with its pools, its stock, and the most that it can still pay out."""
        return await _shown(request, campaign_id)

    @put("/{campaign_id:str}", guards=_WRITERS, responses=_WRITE)
    async def edit(
        self, request: AppRequest, campaign_id: CampaignId, data: JSONBody[CampaignEdit]
    ) -> ManagedCampaign:
        """Rewrite a draft that nobody else has edited since it was read."""
        await edit_campaign(
            request.resources, request.caller, data.campaign, campaign_id=campaign_id, version=data.version
        )
        return await _shown(request, campaign_id)

    @post("/{campaign_id:str}/launch", status_code=HTTP_200_OK, guards=_WRITERS, responses=_PAY)
    async def launch(self, request: AppRequest, campaign_id: CampaignId) -> ManagedCampaign:
        """Publish the draft and its pools in a new log. It checks the tables, the vouchers and the budget."""
        await launch(request.resources, request.caller, campaign_id=campaign_id)
        return await _shown(request, campaign_id)

    @post("/{campaign_id:str}/pause", status_code=HTTP_200_OK, guards=_WRITERS, responses=_WRITE)
    async def pause(self, request: AppRequest, campaign_id: CampaignId) -> ManagedCampaign:
        """Accept no play until it is resumed."""
        await turn(request.resources, request.caller, "pause", campaign_id=campaign_id)
        return await _shown(request, campaign_id)

    @post("/{campaign_id:str}/resume", status_code=HTTP_200_OK, guards=_WRITERS, responses=_WRITE)
    async def resume(self, request: AppRequest, campaign_id: CampaignId) -> ManagedCampaign:
        """Accept plays again."""
        await turn(request.resources, request.caller, "resume", campaign_id=campaign_id)
        return await _shown(request, campaign_id)

    @post("/{campaign_id:str}/end", status_code=HTTP_200_OK, guards=_WRITERS, responses=_WRITE)
    async def end(self, request: AppRequest, campaign_id: CampaignId) -> ManagedCampaign:
        """Accept no play ever again. Secrets are revealed when the pools close, as published."""
        await turn(request.resources, request.caller, "end", campaign_id=campaign_id)
        return await _shown(request, campaign_id)

    @get("/{campaign_id:str}/changes", guards=_READERS, responses=_READ)
    async def changes(
        self, request: AppRequest, campaign_id: CampaignId, start: ChangeIndex = 0
    ) -> ChangePage:
        """Who did what, with old and new values, oldest first."""
        found = await changes(
            request.resources, request.caller, campaign_id=campaign_id, start=start, limit=CHANGES_PAGE
        )
        return change_page(found, start=start, limit=CHANGES_PAGE)

    @post("/{campaign_id:str}/pools", guards=_WRITERS, responses=_WRITE)
    async def add_pool(
        self, request: AppRequest, campaign_id: CampaignId, data: JSONBody[PoolDraft]
    ) -> ManagedCampaign:
        """Add a pool to a draft."""
        await add_pool(request.resources, request.caller, data, campaign_id=campaign_id)
        return await _shown(request, campaign_id)

    @delete(
        "/{campaign_id:str}/pools/{pool_id:str}", guards=_WRITERS, responses=_READ | problem_responses(409)
    )
    async def remove_pool(self, request: AppRequest, campaign_id: CampaignId, pool_id: PoolId) -> None:
        """Remove a draft pool, or take back a replacement that still waits."""
        await remove_pool(request.resources, request.caller, campaign_id=campaign_id, pool_id=pool_id)

    @post("/{campaign_id:str}/pools/{pool_id:str}/replacement", guards=_WRITERS, responses=_WAITS | _PAY)
    async def replace_pool(
        self, request: AppRequest, campaign_id: CampaignId, pool_id: PoolId, data: JSONBody[PoolDraft]
    ) -> Response[ManagedCampaign]:
        """Put a pool that leaves no player worse off in a live one's place.

        201 when it is done, 202 when plays of the old pool have to finish first.
        """
        done = await replace_pool(
            request.resources, request.caller, data, campaign_id=campaign_id, pool_id=pool_id
        )
        status = HTTP_201_CREATED if done else HTTP_202_ACCEPTED
        return Response(await _shown(request, campaign_id), status_code=status)

    @post("/{campaign_id:str}/vouchers", status_code=HTTP_200_OK, guards=_WRITERS, responses=_WRITE)
    async def vouchers(
        self, request: AppRequest, campaign_id: CampaignId, data: JSONBody[VoucherCodes]
    ) -> VouchersAdded:
        """Add voucher codes to a batch. Sent again, they add nothing."""
        batch, codes = data.voucher_batch, data.codes
        added = await add_vouchers(
            request.resources, request.caller, codes, campaign_id=campaign_id, voucher_batch=batch
        )
        return VouchersAdded(voucher_batch=batch, sent=len(codes), added=added)

    @post("/{campaign_id:str}/chances", status_code=HTTP_200_OK, guards=_WRITERS, responses=_WRITE)
    async def chances(
        self, request: AppRequest, campaign_id: CampaignId, data: JSONBody[ChancesGrant]
    ) -> ChancesView:
        """Grant free plays to a player. Sent again with the same source, it grants nothing more."""
        granted = await grant_chances(
            request.resources,
            request.caller,
            campaign_id=campaign_id,
            subject=data.subject,
            count=data.count,
            expires_ms=to_ms(data.expires_at, field="$.expires_at"),
            source=data.source,
        )
        return chances_view(granted, subject=data.subject, source=data.source)
