"""What reconciliation found, over HTTP, and what people make of it. What is another brand's is not there."""

from typing import Annotated, Final

import msgspec
from litestar import Controller, get, post
from litestar.params import JSONBody, PathParameter, QueryParameter
from litestar.status_codes import HTTP_200_OK

from game.auth import AppRequest, Role, require
from game.ledger.acknowledging import acknowledge
from game.ledger.break_views import BreakView, ReconciliationView, break_view, reconciliation_view
from game.ledger.explaining import explain
from game.ledger.report import report
from game.ledger.views import ExplanationView, explanation_view
from game.problems import problem_responses
from game.wire import Line

PAGE: Final = 100
NUMBER_MAX: Final = 2**53 - 1

AskedId = Annotated[
    str,
    PathParameter(
        pattern=r"^[A-Za-z0-9:._~-]{1,128}(?!\n)$",
        description="Of a play, or of an operation of the core ledger",
    ),
]
BreakId = Annotated[int, PathParameter(ge=1, le=NUMBER_MAX)]
BreakCursor = Annotated[int, QueryParameter(ge=0, le=NUMBER_MAX, description="`next` of the page before")]


class AcknowledgementIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why the break may stand; `points` is its value as you have seen it."""

    points: Annotated[int, msgspec.Meta(ge=0, le=NUMBER_MAX)]
    reason: Line


class Reconciliation(Controller):
    """Whether every point is where it should be."""

    path = "/v1/manage"
    tags = ("Reconciliation",)

    @get(
        "/reconciliation",
        guards=[require(Role.MANAGER, Role.AUDITOR, Role.ADMIN)],
        responses=problem_responses(401, 403, 422),
    )
    async def show(self, request: AppRequest, after: BreakCursor = 0) -> ReconciliationView:
        """Where we and the core ledger disagree about the brand's campaigns."""
        found = await report(request.resources, brand_id=request.caller.brand_id, after=after, limit=PAGE)
        return reconciliation_view(found, limit=PAGE)

    @post(
        "/reconciliation/breaks/{break_id:int}/acknowledge",
        status_code=HTTP_200_OK,
        guards=[require(Role.MANAGER, Role.SUPPORT, Role.ADMIN)],
        responses=problem_responses(400, 401, 403, 404, 409, 413, 415, 422),
    )
    async def acknowledge(
        self, request: AppRequest, break_id: BreakId, data: JSONBody[AcknowledgementIn]
    ) -> BreakView:
        """Say why an open break may stand. It stays listed; it alarms again when it heals or changes."""
        found = await acknowledge(
            request.resources, request.caller, break_id, points=data.points, reason=data.reason
        )
        return break_view(found)

    @get(
        "/operations/{asked_id:str}/explain",
        guards=[require(Role.SUPPORT, Role.MANAGER, Role.AUDITOR)],
        responses=problem_responses(401, 403, 404, 422, 503),
    )
    async def explain(self, request: AppRequest, asked_id: AskedId) -> ExplanationView:
        """What became of a play and its points: what we know, and what the ledger knows, in plain words."""
        found = await explain(request.resources, asked_id, brand_id=request.caller.brand_id)
        return explanation_view(found)
