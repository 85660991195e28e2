"""The managers' routes of stock alerts."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from litestar import Controller, get, put
from litestar.params import JSONBody

from game.auth import AppRequest, Role, require
from game.campaigns import stock
from game.campaigns.api import CampaignId
from game.campaigns.stock import ALERTS_MAX, StockAlert
from game.problems import problem_responses

_READERS = [require(Role.MANAGER, Role.APPROVER, Role.AUDITOR, Role.ADMIN)]
_WRITERS = [require(Role.MANAGER, Role.ADMIN)]


class StockAlertsWanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All alerts of a campaign."""

    alerts: Annotated[list[StockAlert], msgspec.Meta(max_length=ALERTS_MAX)]


class StockAlertList(msgspec.Struct, frozen=True, kw_only=True):
    """All alerts of a campaign."""

    alerts: Sequence[StockAlert]


class StockAlerts(Controller):
    """When a brand is told (`stock.low`) that codes or prizes run out."""

    path = "/v1/manage/campaigns/{campaign_id:str}/stock-alerts"
    tags = ("Campaigns",)

    @get("/", guards=_READERS, responses=problem_responses(401, 403, 404, 422))
    async def index(self, request: AppRequest, campaign_id: CampaignId) -> StockAlertList:
        """What is asked for."""
        found = await stock.alerts(request.resources, request.caller, campaign_id=campaign_id)
        return StockAlertList(alerts=found)

    @put("/", guards=_WRITERS, responses=problem_responses(400, 401, 403, 404, 409, 413, 415, 422))
    async def save(
        self, request: AppRequest, campaign_id: CampaignId, data: JSONBody[StockAlertsWanted]
    ) -> StockAlertList:
        """Ask for these alerts and no others. Each is told once, and anew after the stock was higher."""
        await stock.set_alerts(request.resources, request.caller, data.alerts, campaign_id=campaign_id)
        found = await stock.alerts(request.resources, request.caller, campaign_id=campaign_id)
        return StockAlertList(alerts=found)
