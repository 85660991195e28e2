"""Streaks over HTTP: managers write them, players see how long theirs are."""

from functools import partial
from typing import Annotated

from litestar import Controller, Response, delete, get, post, put
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody, PathParameter, QueryParameter
from litestar.status_codes import HTTP_201_CREATED, HTTP_202_ACCEPTED

from game.auth import AppRequest, Role, require
from game.campaigns.api import CampaignId
from game.plays.api import IdempotencyKey
from game.polling import SAME, made
from game.polls import Poll
from game.problems import problem_responses
from game.tasks import streak_defining as defining
from game.tasks.api import READ, READERS, WRITE, WRITERS
from game.tasks.repairing import repair_day
from game.tasks.streak_drafts import StreakDraft
from game.tasks.streak_listing import my_streaks
from game.tasks.streak_views import (
    CalendarView,
    MyStreaks,
    RepairIn,
    RepairView,
    StreakList,
    StreakView,
    calendar_view,
    my_streaks_view,
    repair_view,
    streak_list,
    streak_view,
)

StreakId = Annotated[str, PathParameter(pattern="^[a-z0-9-]{1,32}$", description="1 to 32 of a-z, 0-9 and -")]
Month = Annotated[
    str, QueryParameter(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$(?!\n)", description="Such as `2026-11`")
]


POLLS = (Poll(name="streaks", read=my_streaks, tell=my_streaks_view),)
UNDER_WAY = {
    HTTP_202_ACCEPTED: ResponseSpec(
        RepairView, description="Stored and under way: ask again with the same key."
    )
}


class ManagedStreaks(Controller):
    """Runs of days that players keep up. Nothing of them changes once the campaign is launched."""

    path = "/v1/manage/campaigns/{campaign_id:str}/streaks"
    tags = ("Tasks",)

    @get("/", guards=READERS, responses=READ)
    async def index(self, request: AppRequest, campaign_id: CampaignId) -> StreakList:
        """The streaks of a campaign, and the most that they can pay."""
        return streak_list(await defining.streaks(request.resources, request.caller, campaign_id=campaign_id))

    @get("/{streak_id:str}", guards=READERS, responses=READ)
    async def show(self, request: AppRequest, campaign_id: CampaignId, streak_id: StreakId) -> StreakView:
        """A streak as it was written."""
        found = await defining.streaks(request.resources, request.caller, campaign_id=campaign_id)
        return streak_view(defining.streak_of(found, streak_id))

    @put("/{streak_id:str}", guards=WRITERS, responses=WRITE)
    async def save(
        self, request: AppRequest, campaign_id: CampaignId, streak_id: StreakId, data: JSONBody[StreakDraft]
    ) -> StreakView:
        """Write a streak of a draft campaign, or write it anew."""
        saved = await defining.save_streak(
            request.resources, request.caller, data, campaign_id=campaign_id, streak_id=streak_id
        )
        return streak_view(saved)

    @delete("/{streak_id:str}", guards=WRITERS, responses=READ | problem_responses(409))
    async def remove(self, request: AppRequest, campaign_id: CampaignId, streak_id: StreakId) -> None:
        """Remove a streak of a draft campaign."""
        await defining.delete_streak(
            request.resources, request.caller, campaign_id=campaign_id, streak_id=streak_id
        )


class Streaks(Controller):
    """How long a player has kept something up, day by day."""

    path = "/v1/campaigns/{campaign_id:str}/me/streaks"
    tags = ("Tasks",)
    guards = (require(Role.PLAYER),)

    @get("/", responses=SAME | READ)
    async def index(self, request: AppRequest, campaign_id: CampaignId) -> Response[MyStreaks | None]:
        """Your streaks in a campaign. Ask again with `If-None-Match`: what has not changed is not sent."""
        found = await my_streaks(request.resources, request.caller, campaign_id=campaign_id)
        return await made(request, found.tag, partial(my_streaks_view, found))

    @get("/{streak_id:str}/calendar", responses=SAME | READ)
    async def calendar(
        self, request: AppRequest, campaign_id: CampaignId, streak_id: StreakId, month: Month
    ) -> Response[CalendarView | None]:
        """A month of a streak, day by day. Ask again with `If-None-Match`."""
        found = await my_streaks(request.resources, request.caller, campaign_id=campaign_id)
        defining.streak_of(found.found.streaks, streak_id)
        return await made(request, found.tag, lambda: calendar_view(month, found.calendar(streak_id, month)))

    @post(
        "/{streak_id:str}/repairs",
        status_code=HTTP_201_CREATED,
        responses=UNDER_WAY | problem_responses(400, 401, 403, 404, 409, 413, 415, 422, 503),
    )
    async def repair(
        self,
        request: AppRequest,
        campaign_id: CampaignId,
        streak_id: StreakId,
        idempotency_key: IdempotencyKey,
        data: JSONBody[RepairIn],
    ) -> Response[RepairView]:
        """Repair the missed day that your streak offers, for points.

        202 when the outcome is not known within the request's deadline; it never means that you were charged
        for nothing. Repeat the request with the same key as often as you like.
        """
        view = repair_view(
            await repair_day(
                request.resources,
                request.caller,
                campaign_id=campaign_id,
                streak_id=streak_id,
                day=data.day,
                key=idempotency_key,
            )
        )
        return Response(view, status_code=HTTP_202_ACCEPTED if view.finished_at is None else HTTP_201_CREATED)
