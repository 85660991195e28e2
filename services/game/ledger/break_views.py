"""What those who look after a brand are told of breaks: wire structs, and how they follow."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from game.ids import wire_id
from game.instants import to_datetime
from game.ledger.kinds import Kind
from game.ledger.report import FoundBreak, Report


class KindView(msgspec.Struct, frozen=True, kw_only=True):
    """The open breaks of one kind, their value in points, and since when the oldest is known.

    Those that somebody has acknowledged are counted apart; `oldest_at` is null where all of them are.
    """

    kind: Kind
    breaks: int
    points: int
    oldest_at: datetime | None
    acknowledged: int


class AcknowledgementView(msgspec.Struct, frozen=True, kw_only=True):
    """Who has seen a break as it stands, and why it may."""

    at: datetime
    by: str
    reason: str


class BreakView(msgspec.Struct, frozen=True, kw_only=True):
    """Where we and the ledger disagree, open while `healed_at` is null. It is on one thing, or on none.

    `acknowledged` is null while nobody has, and again once the break's value changes.
    """

    id: int
    kind: Kind
    operation_id: str
    campaign_id: str | None
    play: str | None
    reward: str | None
    repair: str | None
    points: int
    says: str
    found_at: datetime
    healed_at: datetime | None
    acknowledged: AcknowledgementView | None


class ReconciliationView(msgspec.Struct, frozen=True, kw_only=True):
    """Open breaks: sums by kind, and one page, oldest first. `compared_at`: when all was last compared."""

    read_seq: int
    reconciled_at: datetime | None
    compared_at: datetime | None
    kinds: Sequence[KindView]
    breaks: Sequence[BreakView]
    next: int | None


def reconciliation_view(found: Report, *, limit: int) -> ReconciliationView:
    """A report as it is sent."""
    return ReconciliationView(
        read_seq=found.read_seq,
        reconciled_at=at(found.recent_done_ms),
        compared_at=at(found.full_done_ms),
        kinds=[
            KindView(
                kind=s.kind,
                breaks=s.breaks,
                points=s.points,
                oldest_at=at(s.oldest_ms),
                acknowledged=s.acknowledged,
            )
            for s in found.sums
        ],
        breaks=[break_view(each) for each in found.breaks],
        next=found.breaks[-1].break_id if len(found.breaks) == limit else None,
    )


def break_view(found: FoundBreak) -> BreakView:
    """A break as it is sent."""
    return BreakView(
        id=found.break_id,
        kind=found.kind,
        operation_id=found.operation_id,
        campaign_id=found.campaign_id,
        play=_wire_id(found.campaign_id, found.play_id),
        reward=_wire_id(found.campaign_id, found.reward_id),
        repair=_wire_id(found.campaign_id, found.repair_id),
        points=found.points,
        says=found.says,
        found_at=to_datetime(found.found_ms),
        healed_at=at(found.closed_ms),
        acknowledged=_acknowledgement(found),
    )


def _wire_id(campaign_id: str | None, row_id: UUID | None) -> str | None:
    return wire_id(campaign_id, row_id) if campaign_id and row_id else None


def _acknowledgement(found: FoundBreak) -> AcknowledgementView | None:
    if found.acknowledged_ms is None:
        return None
    assert found.acknowledged_by is not None
    assert found.reason is not None
    when = to_datetime(found.acknowledged_ms)
    return AcknowledgementView(at=when, by=found.acknowledged_by, reason=found.reason)


def at(ms: int | None) -> datetime | None:
    """A time as it is sent; None: it has not come."""
    return None if ms is None else to_datetime(ms)
