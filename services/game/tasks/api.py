"""The managers' routes: tasks of campaigns, forbidden share channels, segments of players."""

from typing import Annotated

from litestar import Controller, delete, get, put
from litestar.params import JSONBody, PathParameter

from game.auth import AppRequest, Role, require
from game.campaigns.api import CampaignId
from game.problems import problem_responses
from game.tasks import defining
from game.tasks.drafts import PlayerSegments, ShareChannels, TaskDraft
from game.tasks.views import ChannelsView, SegmentsView, TaskList, TaskView, task_list, task_view

TaskId = Annotated[str, PathParameter(pattern="^[a-z0-9-]{1,32}$", description="1 to 32 of a-z, 0-9 and -")]
Subject = Annotated[
    str, PathParameter(pattern=r"^[A-Za-z0-9._~-]{1,64}$", description="The brand's own name of a player")
]

READ = problem_responses(401, 403, 404, 422)
WRITE = problem_responses(400, 401, 403, 404, 409, 413, 415, 422)
READERS = [require(Role.MANAGER, Role.APPROVER, Role.AUDITOR, Role.ADMIN)]
WRITERS = [require(Role.MANAGER, Role.ADMIN)]


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
        return ChannelsView(forbidden=sorted(data.forbidden))

    @put("/players/{subject:str}/segments", guards=WRITERS, responses=WRITE)
    async def set_segments(
        self, request: AppRequest, subject: Subject, data: JSONBody[PlayerSegments]
    ) -> SegmentsView:
        """Put a player into these segments and no others."""
        await defining.set_segments(request.resources, request.caller, data, subject=subject)
        return SegmentsView(subject=subject, segments=sorted(data.segments))
