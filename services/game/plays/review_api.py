"""Plays that wait for a person, over HTTP. What is another brand's is not there."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK

from game.auth import AppRequest, Role, require
from game.ids import wire_id
from game.instants import to_datetime
from game.plays import reviewing
from game.plays.api import engine_of
from game.plays.review_store import InReview
from game.plays.reviewing import Reviewed
from game.plays.rules import State
from game.problems import problem_responses
from game.wire import Line

PAGE: Final = 100
_DECIDERS = [require(Role.MANAGER, Role.ADMIN)]
_DECIDE = problem_responses(400, 401, 403, 404, 409, 413, 415, 422, 503)

After = Annotated[str | None, QueryParameter(max_length=100, description="`next` of the page before")]


class ReasonIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why; it stands in the campaign's change log."""

    reason: Line


class ReviewedView(msgspec.Struct, frozen=True, kw_only=True):
    """A play as it stands, and what was decided; `outcome` is what the ledger had proved of its debit."""

    play: str
    state: State
    decision: str
    outcome: str
    at: datetime
    by: str
    reason: str


class InReviewView(msgspec.Struct, frozen=True, kw_only=True):
    """A play that waits for a person; its explanation says what can be done."""

    play: str
    campaign: str
    pool: str
    draws: int
    price_points: int
    accepted_at: datetime


class InReviewPage(msgspec.Struct, frozen=True, kw_only=True):
    """Plays that wait for a person; `next` is the cursor of the next page, null at the end."""

    plays: Sequence[InReviewView]
    next: str | None


class Reviews(Controller):
    """The ways out of `review`."""

    path = "/v1/manage/plays"
    tags = ("Reconciliation",)

    @get(
        "/review",
        guards=[require(Role.MANAGER, Role.SUPPORT, Role.AUDITOR, Role.ADMIN)],
        responses=problem_responses(401, 403, 404, 422),
    )
    async def waiting(self, request: AppRequest, after: After = None) -> InReviewPage:
        """The brand's plays about which a person has to decide."""
        found = await reviewing.in_review(request.resources, request.caller, after=after, limit=PAGE)
        views = [_waiting_view(each) for each in found]
        return InReviewPage(plays=views, next=views[-1].play if len(views) == PAGE else None)

    @post("/{play_id:str}/settle", status_code=HTTP_200_OK, guards=_DECIDERS, responses=_DECIDE)
    async def settle(
        self, request: AppRequest, play_id: FromPath[str], data: JSONBody[ReasonIn]
    ) -> ReviewedView:
        """Draw a play that the ledger proves was charged: the player gets what was paid for."""
        engine = engine_of(request)
        return _view(await reviewing.settle(engine, request.caller, play_id, reason=data.reason))

    @post("/{play_id:str}/cancel", status_code=HTTP_200_OK, guards=_DECIDERS, responses=_DECIDE)
    async def cancel(
        self, request: AppRequest, play_id: FromPath[str], data: JSONBody[ReasonIn]
    ) -> ReviewedView:
        """End a play that the ledger proves was not, and never will be, charged."""
        engine = engine_of(request)
        return _view(await reviewing.cancel(engine, request.caller, play_id, reason=data.reason))


def _view(found: Reviewed) -> ReviewedView:
    return ReviewedView(
        play=found.play.wire_id,
        state=found.play.state,
        decision=found.made.decision,
        outcome=found.made.outcome,
        at=to_datetime(found.made.at_ms),
        by=found.made.actor,
        reason=found.made.reason,
    )


def _waiting_view(found: InReview) -> InReviewView:
    return InReviewView(
        play=wire_id(found.campaign_id, found.play_id),
        campaign=found.campaign_id,
        pool=found.pool_id,
        draws=found.draws,
        price_points=found.price_points,
        accepted_at=to_datetime(found.accepted_ms),
    )
