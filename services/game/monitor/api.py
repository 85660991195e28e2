"""What the monitor has counted, for everybody; its alerts, for those who look after a brand."""

from collections.abc import Sequence

import msgspec
from litestar import Controller, get, post
from litestar.datastructures import CacheControlHeader
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from game.auth import PUBLIC, AppRequest, Role, require
from game.campaigns.api import CampaignId, PoolId
from game.monitor import service
from game.monitor.rules import Doubt
from game.monitor.views import AlertView, FitView, alert_view, fit_view
from game.problems import problem_responses
from game.wire import Line

BRIEFLY = CacheControlHeader(public=True, max_age=5)


class AlertAcknowledgement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What came of an alert."""

    reason: Line


class AlertList(msgspec.Struct, frozen=True, kw_only=True):
    """All alerts of a campaign."""

    alerts: Sequence[AlertView]


class Fit(Controller):
    """Whether draws have the published odds, as it stands now. No token is needed, as for the log."""

    path = "/v1/campaigns/{campaign_id:str}/pools/{pool_id:str}/fit"
    tags = ("Draw log",)
    opt = PUBLIC

    @get("/", cache_control=BRIEFLY, responses=problem_responses(401, 404, 422))
    async def show(self, request: AppRequest, campaign_id: CampaignId, pool_id: PoolId) -> FitView:
        """Observed against published counts, with bounds that hold however often one looks."""
        found = await service.fit(request.resources, request.user, campaign_id=campaign_id, pool_id=pool_id)
        return fit_view(found)


class FitAlerts(Controller):
    """Alerts of the monitor. Nothing is paused by them: a person decides."""

    path = "/v1/manage/campaigns/{campaign_id:str}"
    tags = ("Draw log",)

    @get(
        "/fit-alerts",
        guards=[require(Role.MANAGER, Role.APPROVER, Role.AUDITOR, Role.ADMIN)],
        responses=problem_responses(401, 403, 404, 422),
    )
    async def index(self, request: AppRequest, campaign_id: CampaignId) -> AlertList:
        """Every alert of the campaign, acknowledged or not."""
        found = await service.alerts(request.resources, request.caller, campaign_id=campaign_id)
        return AlertList(alerts=[alert_view(alert) for alert in found])

    @post(
        "/pools/{pool_id:str}/fit-alerts/{series:str}/acknowledge",
        status_code=HTTP_200_OK,
        guards=[require(Role.MANAGER, Role.ADMIN)],
        responses=problem_responses(400, 401, 403, 404, 409, 413, 415, 422),
    )
    async def acknowledge(
        self,
        request: AppRequest,
        campaign_id: CampaignId,
        pool_id: PoolId,
        series: FromPath[Doubt],
        data: JSONBody[AlertAcknowledgement],
    ) -> AlertView:
        """Say what came of an alert. It stays listed, and alarms no more."""
        found = await service.acknowledge(
            request.resources,
            request.caller,
            campaign_id=campaign_id,
            pool_id=pool_id,
            series=series,
            reason=data.reason,
        )
        return alert_view(found)
