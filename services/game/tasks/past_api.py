"""Past events over HTTP: dry runs, and credits that two people agree on."""

from uuid import UUID

from litestar import Controller, post
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from game.auth import AppRequest
from game.campaigns.api import CampaignId
from game.instants import to_ms
from game.tasks import past
from game.tasks.api import REVIEWERS, WRITE, WRITERS, TaskId
from game.tasks.views import (
    CreditApprovalIn,
    CreditedView,
    CreditView,
    DryRunView,
    PeriodIn,
    credit_view,
    dry_run_view,
)


class PastEvents(Controller):
    """What past events would earn, and counting them after all."""

    path = "/v1/manage/campaigns/{campaign_id:str}"
    tags = ("Tasks",)

    @post("/tasks/{task_id:str}/dry-run", status_code=HTTP_200_OK, guards=WRITERS, responses=WRITE)
    async def dry_run(
        self, request: AppRequest, campaign_id: CampaignId, task_id: TaskId, data: JSONBody[PeriodIn]
    ) -> DryRunView:
        """Who would have earned what, had the task and its prerequisites been open then. Nothing is given."""
        found = await past.dry_run(
            request.resources,
            request.caller,
            campaign_id=campaign_id,
            task_id=task_id,
            since_ms=to_ms(data.since),
            until_ms=to_ms(data.until),
        )
        return dry_run_view(found)

    @post("/tasks/{task_id:str}/credits", guards=WRITERS, responses=WRITE)
    async def ask(self, request: AppRequest, campaign_id: CampaignId, task_id: TaskId) -> CreditView:
        """Ask that past events in the task's time count which do not yet. Somebody else has to approve."""
        preview = await past.ask_credit(
            request.resources, request.caller, campaign_id=campaign_id, task_id=task_id
        )
        return credit_view(preview)

    @post(
        "/task-credits/{credit_id:uuid}/approve", status_code=HTTP_200_OK, guards=REVIEWERS, responses=WRITE
    )
    async def approve(
        self,
        request: AppRequest,
        campaign_id: CampaignId,
        credit_id: FromPath[UUID],
        data: JSONBody[CreditApprovalIn],
    ) -> CreditedView:
        """Count what somebody else has asked for, as if it had been processed just now. It happens once."""
        events = await past.approve_credit(
            request.resources,
            request.caller,
            campaign_id=campaign_id,
            credit_id=credit_id,
            digest=bytes.fromhex(data.digest),
        )
        return CreditedView(events=events)
