"""Tasks over HTTP: managers write and review them, players see how far they are."""

from functools import partial
from typing import Annotated, Final
from uuid import UUID

from litestar import Controller, Response, delete, get, post, put
from litestar.params import FromPath, JSONBody, PathParameter, QueryParameter
from litestar.status_codes import HTTP_200_OK

from game.auth import AppRequest, Role, require
from game.campaigns.api import CampaignId
from game.polling import SAME, made
from game.polls import Poll
from game.problems import problem_responses
from game.tasks import defining, reviewing
from game.tasks.drafts import PlayerSegments, ShareChannels, TaskDraft
from game.tasks.evidence import evidence
from game.tasks.listing import my_tasks
from game.tasks.views import (
    AppealIn,
    ApprovalIn,
    ChannelsView,
    CompletionPage,
    CompletionView,
    EvidenceView,
    MyTasks,
    RejectionIn,
    SegmentsView,
    TaskList,
    TaskView,
    completion_page,
    completion_view,
    evidence_view,
    my_tasks_view,
    task_list,
    task_view,
)

PAGE: Final = 50
OLDEST: Final = UUID(int=0)

TaskId = Annotated[str, PathParameter(pattern="^[a-z0-9-]{1,32}$", description="1 to 32 of a-z, 0-9 and -")]
Subject = Annotated[
    str, PathParameter(pattern=r"^[A-Za-z0-9._~-]{1,64}$", description="The brand's own name of a player")
]

POLLS = (Poll(name="tasks", read=my_tasks, tell=my_tasks_view),)

After = Annotated[UUID | None, QueryParameter(description="`next` of the page before")]

READ = problem_responses(401, 403, 404, 422)
WRITE = problem_responses(400, 401, 403, 404, 409, 413, 415, 422)
READERS = [require(Role.MANAGER, Role.APPROVER, Role.AUDITOR, Role.ADMIN)]
WRITERS = [require(Role.MANAGER, Role.ADMIN)]
REVIEWERS = [require(Role.MANAGER, Role.APPROVER, Role.ADMIN)]


class ManagedTasks(Controller):
    """What players are asked to do. Nothing of it changes once the campaign is launched."""

    path = "/v1/manage/campaigns/{campaign_id:str}/tasks"
    tags = ("Tasks",)

    @get("/", guards=READERS, responses=READ)
    async def index(self, request: AppRequest, campaign_id: CampaignId) -> TaskList:
        """The tasks of a campaign, and the most that they can pay."""
        return task_list(await defining.tasks(request.resources, request.caller, campaign_id=campaign_id))

    @get("/{task_id:str}", guards=READERS, responses=READ)
    async def show(self, request: AppRequest, campaign_id: CampaignId, task_id: TaskId) -> TaskView:
        """A task as it was written."""
        found = await defining.tasks(request.resources, request.caller, campaign_id=campaign_id)
        return task_view(defining.task_of(found.tasks, task_id))

    @put("/{task_id:str}", guards=WRITERS, responses=WRITE)
    async def save(
        self, request: AppRequest, campaign_id: CampaignId, task_id: TaskId, data: JSONBody[TaskDraft]
    ) -> TaskView:
        """Write a task of a draft campaign, or write it anew."""
        saved = await defining.save_task(
            request.resources, request.caller, data, campaign_id=campaign_id, task_id=task_id
        )
        return task_view(saved)

    @delete("/{task_id:str}", guards=WRITERS, responses=READ | problem_responses(409))
    async def remove(self, request: AppRequest, campaign_id: CampaignId, task_id: TaskId) -> None:
        """Remove a task of a draft campaign that no other task has as a prerequisite."""
        await defining.delete_task(
            request.resources, request.caller, campaign_id=campaign_id, task_id=task_id
        )


class TaskSettings(Controller):
    """What holds for all tasks of a brand."""

    path = "/v1/manage"
    tags = ("Tasks",)

    @get("/share-channels", guards=READERS, responses=problem_responses(401, 403))
    async def channels(self, request: AppRequest) -> ChannelsView:
        """The share channels that the brand forbids."""
        return ChannelsView(forbidden=sorted(await defining.channels(request.resources, request.caller)))

    @put("/share-channels", guards=WRITERS, responses=WRITE)
    async def set_channels(self, request: AppRequest, data: JSONBody[ShareChannels]) -> ChannelsView:
        """Forbid these share channels and no others. Shares there count for nothing from now on."""
        await defining.set_channels(request.resources, request.caller, data)
        return ChannelsView(forbidden=sorted(await defining.channels(request.resources, request.caller)))

    @put("/players/{subject:str}/segments", guards=WRITERS, responses=WRITE)
    async def set_segments(
        self, request: AppRequest, subject: Subject, data: JSONBody[PlayerSegments]
    ) -> SegmentsView:
        """Put a player into these segments and no others."""
        await defining.set_segments(request.resources, request.caller, data, subject=subject)
        return SegmentsView(subject=subject, segments=sorted(data.segments))


class TaskReviews(Controller):
    """Completions about which a person decides."""

    path = "/v1/manage/campaigns/{campaign_id:str}/task-reviews"
    tags = ("Tasks",)

    @get("/", guards=READERS, responses=READ)
    async def index(
        self, request: AppRequest, campaign_id: CampaignId, after: After = None
    ) -> CompletionPage:
        """Completions that wait for a decision, the first or that after an appeal, oldest first."""
        found = await reviewing.to_review(
            request.resources, request.caller, campaign_id=campaign_id, after=after or OLDEST, limit=PAGE
        )
        return completion_page(found, limit=PAGE)

    @get("/{completion_id:uuid}", guards=READERS, responses=READ)
    async def show(
        self, request: AppRequest, campaign_id: CampaignId, completion_id: FromPath[UUID]
    ) -> EvidenceView:
        """A completion, whose it is, and the events that it rests on."""
        found = await evidence(
            request.resources, request.caller, campaign_id=campaign_id, completion_id=completion_id
        )
        return evidence_view(found)

    @post("/{completion_id:uuid}/approve", status_code=HTTP_200_OK, guards=REVIEWERS, responses=WRITE)
    async def approve(
        self,
        request: AppRequest,
        campaign_id: CampaignId,
        completion_id: FromPath[UUID],
        data: JSONBody[ApprovalIn],
    ) -> CompletionView:
        """Reward a completion. Where no place is left under the cap over all players, it is `capped`."""
        decided = await reviewing.approve(
            request.resources,
            request.caller,
            campaign_id=campaign_id,
            completion_id=completion_id,
            generation=data.generation,
        )
        return completion_view(decided)

    @post("/{completion_id:uuid}/reject", status_code=HTTP_200_OK, guards=REVIEWERS, responses=WRITE)
    async def reject(
        self,
        request: AppRequest,
        campaign_id: CampaignId,
        completion_id: FromPath[UUID],
        data: JSONBody[RejectionIn],
    ) -> CompletionView:
        """Reject a completion; the player may appeal once. After an appeal it is `denied`."""
        decided = await reviewing.reject(
            request.resources,
            request.caller,
            campaign_id=campaign_id,
            completion_id=completion_id,
            generation=data.generation,
            reason=data.reason,
        )
        return completion_view(decided)


class Tasks(Controller):
    """What a player can do, and how far it is done."""

    path = "/v1/campaigns/{campaign_id:str}/me/tasks"
    tags = ("Tasks",)
    guards = (require(Role.PLAYER),)

    @get("/", responses=SAME | READ)
    async def index(self, request: AppRequest, campaign_id: CampaignId) -> Response[MyTasks | None]:
        """Your tasks in a campaign. Ask again with `If-None-Match`: what has not changed is not sent."""
        found = await my_tasks(request.resources, request.caller, campaign_id=campaign_id)
        return await made(request, found.tag, partial(my_tasks_view, found))

    @post("/completions/{completion_id:uuid}/appeal", status_code=HTTP_200_OK, responses=WRITE)
    async def appeal(
        self,
        request: AppRequest,
        campaign_id: CampaignId,
        completion_id: FromPath[UUID],
        data: JSONBody[AppealIn],
    ) -> CompletionView:
        """Ask for another decision about a completion that was rejected, once."""
        appealed = await reviewing.appeal(
            request.resources,
            request.caller,
            campaign_id=campaign_id,
            completion_id=completion_id,
            text=data.text,
        )
        return completion_view(appealed)
