"""What those who look after a brand are told of its points: wire structs, and how they follow."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from game.ids import wire_id
from game.instants import to_datetime
from game.ledger.comparing import Kind
from game.ledger.explaining import (
    Explained,
    ExplainedOperation,
    Held,
    HeldPlay,
    PlayDecision,
    PostedEntry,
    legs_of,
)
from game.ledger.report import FoundBreak, Report
from game.ledger.words import of_operation, of_play
from game.texts import explanations
from ledger_client import Applied, Decided, Explanation, Leg


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
    """Where we and the ledger disagree, open while `healed_at` is null; `play` is null if it is not ours.

    `acknowledged` is null while nobody has, and again once the break's value changes.
    """

    id: int
    kind: Kind
    operation_id: str
    campaign_id: str | None
    play: str | None
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


class SummaryView(msgspec.Struct, frozen=True, kw_only=True):
    """How it stands, in plain words; `code` is stable."""

    code: str
    zh: str
    en: str


class DecisionView(msgspec.Struct, frozen=True, kw_only=True):
    """What a person decided about a play in review; `outcome` is what the ledger had proved."""

    at: datetime
    decision: str
    outcome: str
    by: str
    reason: str


class HeldPlayView(msgspec.Struct, frozen=True, kw_only=True):
    """A play as we hold it. `next_attempt_at` is null once nobody drives it on."""

    id: str
    state: str
    summary: SummaryView
    pool: str
    draws: int
    drawn: int
    pay_with: str
    price_points: int
    accepted_at: datetime
    charged_before: datetime
    next_attempt_at: datetime | None
    finished_at: datetime | None
    decisions: Sequence[DecisionView]


class HeldView(msgspec.Struct, frozen=True, kw_only=True):
    """An operation as we hold it. `next_attempt_at` is null once it is decided."""

    kind: str
    state: str
    campaign_id: str
    play: str
    account: str
    legs: Sequence[Leg]
    ledger_seq: int | None
    next_attempt_at: datetime | None


class LedgerView(msgspec.Struct, frozen=True, kw_only=True):
    """An operation as the ledger knows it at `as_of`; without an outcome it has never seen it."""

    outcome: str | None
    seq: int | None
    legs: Sequence[Leg]
    decided_at: datetime | None
    as_of: datetime


class EntryView(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as it was read of the ledger's feed."""

    seq: int
    debit: str
    credit: str
    amount: int


class OperationView(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of an operation. `ours` is null where we never made it."""

    operation_id: str
    summary: SummaryView
    ours: HeldView | None
    ledger: LedgerView
    entries: Sequence[EntryView]
    breaks: Sequence[BreakView]


class ExplanationView(msgspec.Struct, frozen=True, kw_only=True):
    """A play with all of its operations, the debit first; `play` is null if it is not ours."""

    play: HeldPlayView | None
    operations: Sequence[OperationView]


def reconciliation_view(found: Report, *, limit: int) -> ReconciliationView:
    """A report as it is sent."""
    return ReconciliationView(
        read_seq=found.read_seq,
        reconciled_at=_at(found.recent_done_ms),
        compared_at=_at(found.full_done_ms),
        kinds=[
            KindView(
                kind=s.kind,
                breaks=s.breaks,
                points=s.points,
                oldest_at=_at(s.oldest_ms),
                acknowledged=s.acknowledged,
            )
            for s in found.sums
        ],
        breaks=[break_view(each) for each in found.breaks],
        next=found.breaks[-1].break_id if len(found.breaks) == limit else None,
    )


def explanation_view(found: Explained) -> ExplanationView:
    """An explanation as it is sent."""
    return ExplanationView(
        play=None if found.play is None else _play_view(found.play, found),
        operations=[_operation_view(each) for each in found.operations],
    )


def break_view(found: FoundBreak) -> BreakView:
    """A break as it is sent."""
    play = wire_id(found.campaign_id, found.play_id) if found.campaign_id and found.play_id else None
    return BreakView(
        id=found.break_id,
        kind=found.kind,
        operation_id=found.operation_id,
        campaign_id=found.campaign_id,
        play=play,
        points=found.points,
        says=found.says,
        found_at=to_datetime(found.found_ms),
        healed_at=_at(found.closed_ms),
        acknowledged=_acknowledgement(found),
    )


def _acknowledgement(found: FoundBreak) -> AcknowledgementView | None:
    if found.acknowledged_ms is None:
        return None
    assert found.acknowledged_by is not None
    assert found.reason is not None
    at = to_datetime(found.acknowledged_ms)
    return AcknowledgementView(at=at, by=found.acknowledged_by, reason=found.reason)


def _play_view(play: HeldPlay, found: Explained) -> HeldPlayView:
    return HeldPlayView(
        id=wire_id(play.campaign_id, play.play_id),
        state=play.state,
        summary=_summary(of_play(play, found.operations)),
        pool=play.pool_id,
        draws=play.draws,
        drawn=play.drawn,
        pay_with=play.paid_with,
        price_points=play.price_points,
        accepted_at=to_datetime(play.accepted_ms),
        charged_before=to_datetime(play.apply_before_ms),
        next_attempt_at=to_datetime(play.next_attempt_ms) if play.is_under_way else None,
        finished_at=_at(play.finished_ms),
        decisions=[_decision_view(each) for each in found.decisions],
    )


def _decision_view(made: PlayDecision) -> DecisionView:
    return DecisionView(
        at=to_datetime(made.at_ms),
        decision=made.decision,
        outcome=made.outcome,
        by=made.actor,
        reason=made.reason,
    )


def _operation_view(found: ExplainedOperation) -> OperationView:
    return OperationView(
        operation_id=found.operation_id,
        summary=_summary(of_operation(found)),
        ours=None if found.held is None else _held_view(found.held),
        ledger=_ledger_view(found.ledger),
        entries=[_entry_view(each) for each in found.entries],
        breaks=[break_view(each) for each in found.breaks],
    )


def _held_view(held: Held) -> HeldView:
    return HeldView(
        kind=held.kind,
        state=held.state,
        campaign_id=held.campaign_id,
        play=wire_id(held.campaign_id, held.play_id),
        account=held.subject,
        legs=legs_of(held.body),
        ledger_seq=held.ledger_seq,
        next_attempt_at=to_datetime(held.next_attempt_ms) if held.state == "due" else None,
    )


def _ledger_view(known: Explanation) -> LedgerView:
    return LedgerView(
        outcome=_word(known.outcome),
        seq=known.outcome.seq if isinstance(known.outcome, Applied) else None,
        legs=known.legs,
        decided_at=_at(known.decided_at_ms),
        as_of=to_datetime(known.as_of_ms),
    )


def _entry_view(entry: PostedEntry) -> EntryView:
    return EntryView(seq=entry.seq, debit=entry.debit, credit=entry.credit, amount=entry.amount)


def _summary(code: str) -> SummaryView:
    words = explanations()[code]
    return SummaryView(code=code, zh=words["zh"], en=words["en"])


def _word(outcome: Decided | None) -> str | None:
    return None if outcome is None else type(outcome).__name__.lower()


def _at(ms: int | None) -> datetime | None:
    return None if ms is None else to_datetime(ms)
