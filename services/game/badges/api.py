"""Badges and sets over HTTP. Odds that were not asked for before take long: a thread reckons them."""

import asyncio
from functools import partial
from typing import Annotated

from litestar import Controller, Response, delete, get, post, put
from litestar.params import JSONBody, PathParameter
from litestar.status_codes import HTTP_200_OK, HTTP_204_NO_CONTENT

from game.auth import AppRequest, Role, require
from game.badges import defining, service
from game.badges.collecting import collected, told
from game.badges.drafts import BadgeDraft, SetDraft
from game.badges.rules import Trade
from game.badges.views import MyBadges, SetList, TradedView, set_list, traded_view
from game.campaigns.access import managed
from game.campaigns.api import CampaignId
from game.plays.api import IdempotencyKey
from game.polling import SAME, made
from game.polls import Poll
from game.problems import problem_responses

SetId = Annotated[str, PathParameter(pattern="^[a-z0-9-]{1,32}$", description="1 to 32 of a-z, 0-9 and -")]

POLLS = (Poll(name="badges", read=collected, tell=told),)
READ = problem_responses(401, 403, 404, 422)
WRITE = problem_responses(400, 401, 403, 404, 409, 413, 415, 422)
READERS = [require(Role.MANAGER, Role.APPROVER, Role.AUDITOR, Role.ADMIN)]
WRITERS = [require(Role.MANAGER, Role.ADMIN)]


class ManagedBadges(Controller):
    """Badges and sets of a campaign. Nothing of them changes once it is launched."""

    path = "/v1/manage/campaigns/{campaign_id:str}"
    tags = ("Badges",)

    @put("/badges/{badge_id:str}", status_code=HTTP_204_NO_CONTENT, guards=WRITERS, responses=WRITE)
    async def save_badge(
        self, request: AppRequest, campaign_id: CampaignId, badge_id: SetId, data: JSONBody[BadgeDraft]
    ) -> None:
        """Write a badge of a draft campaign, or write it anew."""
        await defining.save_badge(
            request.resources, request.caller, data, campaign_id=campaign_id, badge_id=badge_id
        )

    @get("/sets", guards=READERS, responses=READ)
    async def sets(self, request: AppRequest, campaign_id: CampaignId) -> SetList:
        """The sets with their policies, what is left, and the odds of a player who has nothing yet."""
        found = await defining.sets(request.resources, request.caller, campaign_id=campaign_id)
        campaign = await managed(request.resources, request.caller, campaign_id=campaign_id)
        return await asyncio.to_thread(set_list, found, campaign.pools)

    @put("/sets/{set_id:str}", status_code=HTTP_204_NO_CONTENT, guards=WRITERS, responses=WRITE)
    async def save_set(
        self, request: AppRequest, campaign_id: CampaignId, set_id: SetId, data: JSONBody[SetDraft]
    ) -> None:
        """Write a set of a draft campaign, or write it anew. One without a guaranteed path is refused."""
        await defining.save_set(
            request.resources, request.caller, data, campaign_id=campaign_id, set_id=set_id
        )

    @delete("/sets/{set_id:str}", guards=WRITERS, responses=READ | problem_responses(409))
    async def delete_set(self, request: AppRequest, campaign_id: CampaignId, set_id: SetId) -> None:
        """Remove a set of a draft campaign."""
        await defining.delete_set(request.resources, request.caller, campaign_id=campaign_id, set_id=set_id)


class Badges(Controller):
    """A player's badges, and what can be made of them."""

    path = "/v1/campaigns/{campaign_id:str}/me"
    tags = ("Badges",)
    guards = (require(Role.PLAYER),)

    @get("/badges", responses=SAME | READ)
    async def mine(self, request: AppRequest, campaign_id: CampaignId) -> Response[MyBadges | None]:
        """Your badges by set: what is missing, what is spare, what you can do, and the exact odds.

        Ask again with `If-None-Match`: what has not changed is not sent.
        """
        found = await collected(request.resources, request.caller, campaign_id=campaign_id)
        return await made(request, found.tag, partial(told, found))

    @post("/sets/{set_id:str}/trades", status_code=HTTP_200_OK, responses=WRITE)
    async def trade(
        self,
        request: AppRequest,
        campaign_id: CampaignId,
        set_id: SetId,
        idempotency_key: IdempotencyKey,
        data: JSONBody[Trade],
    ) -> TradedView:
        """Exchange or convert spare badges, claim a missing one, or redeem a full set; once for each key."""
        asked = service.Asked(campaign_id=campaign_id, set_id=set_id, key=idempotency_key, trade=data)
        return traded_view(campaign_id, await service.trade(request.resources, request.caller, asked))
