"""What reconciliation found, over HTTP. What is another brand's is not there."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final

import msgspec
from litestar import Controller, get
from litestar.params import PathParameter, QueryParameter

from game.auth import AppRequest, Role, require
from game.ids import wire_id
from game.instants import to_datetime
from game.ledger.comparing import Kind
from game.ledger.report import Explained, FoundBreak, Held, Report, explain, report
from game.problems import problem_responses
from ledger_client import Applied, Decided, Explanation, Leg
from ledger_client.operations import decode

PAGE: Final = 100

OperationId = Annotated[
    str, PathParameter(pattern=r"^[A-Za-z0-9:._~-]{1,128}(?!\n)$", description="Of the core ledger")
]
BreakCursor = Annotated[int, QueryParameter(ge=0, le=2**53 - 1, description="`next` of the page before")]


class KindView(msgspec.Struct, frozen=True, kw_only=True):
    """The open breaks of one kind, their value in points, and since when the oldest is known."""

    kind: Kind
    breaks: int
    points: int
    oldest_at: datetime


class BreakView(msgspec.Struct, frozen=True, kw_only=True):
    """Where we and the ledger disagree, open while `healed_at` is null; `play` is null if it is not ours."""

    kind: Kind
    operation_id: str
    campaign_id: str | None
    play: str | None
    points: int
    says: str
    found_at: datetime
    healed_at: datetime | None


class ReconciliationView(msgspec.Struct, frozen=True, kw_only=True):
    """Open breaks: sums by kind, and one page, oldest first. `compared_at`: when all was last compared."""

    read_seq: int
    reconciled_at: datetime | None
    compared_at: datetime | None
    kinds: Sequence[KindView]
    breaks: Sequence[BreakView]
    next: int | None


class HeldView(msgspec.Struct, frozen=True, kw_only=True):
    """An operation as we hold it, and where its play stands."""

    kind: str
    state: str
    campaign_id: str
    play: str
    play_state: str
    account: str
    legs: Sequence[Leg]
    ledger_seq: int | None


class LedgerView(msgspec.Struct, frozen=True, kw_only=True):
    """An operation as the ledger knows it at `as_of`; without an outcome it has never seen it."""

    outcome: str | None
    seq: int | None
    legs: Sequence[Leg]
    decided_at: datetime | None
    as_of: datetime


class ExplanationView(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of an operation. `ours` is null where we never made it."""

    operation_id: str
    ours: HeldView | None
    ledger: LedgerView
    breaks: Sequence[BreakView]


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

    @get(
        "/operations/{operation_id:str}/explain",
        guards=[require(Role.SUPPORT, Role.MANAGER, Role.AUDITOR)],
        responses=problem_responses(401, 403, 404, 422, 503),
    )
    async def explain(self, request: AppRequest, operation_id: OperationId) -> ExplanationView:
        """What became of an operation: what we know of it, and what the ledger knows."""
        found = await explain(request.resources, operation_id, brand_id=request.caller.brand_id)
        return explanation_view(found)


def reconciliation_view(found: Report, *, limit: int) -> ReconciliationView:
    """A report as it is sent."""
    return ReconciliationView(
        read_seq=found.read_seq,
        reconciled_at=_at(found.recent_done_ms),
        compared_at=_at(found.full_done_ms),
        kinds=[
            KindView(kind=s.kind, breaks=s.breaks, points=s.points, oldest_at=to_datetime(s.oldest_ms))
            for s in found.sums
        ],
        breaks=[_break_view(each) for each in found.breaks],
        next=found.breaks[-1].break_id if len(found.breaks) == limit else None,
    )


def explanation_view(found: Explained) -> ExplanationView:
    """An explanation as it is sent."""
    return ExplanationView(
        operation_id=found.operation_id,
        ours=None if found.held is None else _held_view(found.held),
        ledger=_ledger_view(found.ledger),
        breaks=[_break_view(each) for each in found.breaks],
    )


def _break_view(found: FoundBreak) -> BreakView:
    play = wire_id(found.campaign_id, found.play_id) if found.campaign_id and found.play_id else None
    return BreakView(
        kind=found.kind,
        operation_id=found.operation_id,
        campaign_id=found.campaign_id,
        play=play,
        points=found.points,
        says=found.says,
        found_at=to_datetime(found.found_ms),
        healed_at=_at(found.closed_ms),
    )


def _held_view(held: Held) -> HeldView:
    return HeldView(
        kind=held.kind,
        state=held.state,
        campaign_id=held.campaign_id,
        play=wire_id(held.campaign_id, held.play_id),
        play_state=held.play_state,
        account=held.subject,
        legs=_legs(held.body),
        ledger_seq=held.ledger_seq,
    )


def _legs(body: bytes) -> Sequence[Leg]:
    """The legs that are sent; none where the bytes can no longer be read."""
    try:
        return decode(body).legs
    except msgspec.DecodeError:
        return ()


def _ledger_view(known: Explanation) -> LedgerView:
    return LedgerView(
        outcome=_word(known.outcome),
        seq=known.outcome.seq if isinstance(known.outcome, Applied) else None,
        legs=known.legs,
        decided_at=_at(known.decided_at_ms),
        as_of=to_datetime(known.as_of_ms),
    )


def _word(outcome: Decided | None) -> str | None:
    return None if outcome is None else type(outcome).__name__.lower()


def _at(ms: int | None) -> datetime | None:
    return None if ms is None else to_datetime(ms)
