"""What those who look after a brand are told of plays, rewards, repairs and operations: wire structs."""

from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from game.ids import wire_id
from game.instants import to_datetime
from game.ledger.break_views import BreakView, at, break_view
from game.ledger.explaining import (
    Explained,
    ExplainedOperation,
    Held,
    HeldPlay,
    HeldRepair,
    HeldReward,
    PlayDecision,
    PostedEntry,
    legs_of,
)
from game.ledger.words import of_operation, of_play, of_repair, of_reward
from game.texts import explanations
from ledger_client import Applied, Decided, Explanation, Leg


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


class HeldRewardView(msgspec.Struct, frozen=True, kw_only=True):
    """A reward of points as we hold it.

    `withheld` of it settled a debt. `taken_back_at` is null while it stands; in the end `recovered` of it
    came back, and `owed` of it did not.
    """

    id: str
    state: str
    summary: SummaryView
    source: str
    amount: int
    withheld: int
    recovered: int
    owed: int
    given_at: datetime
    taken_back_at: datetime | None


class HeldRepairView(msgspec.Struct, frozen=True, kw_only=True):
    """A missed day of a streak that is repaired for points, as we hold it."""

    id: str
    state: str
    summary: SummaryView
    streak: str
    day: date
    price_points: int
    asked_at: datetime
    charged_before: datetime
    finished_at: datetime | None


class HeldView(msgspec.Struct, frozen=True, kw_only=True):
    """An operation as we hold it, of one thing. `next_attempt_at` is null once it is decided."""

    kind: str
    state: str
    campaign_id: str
    play: str | None
    reward: str | None
    repair: str | None
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
    """A play with its operations, the debit first, a reward or repair with its own; or what is not ours."""

    play: HeldPlayView | None
    reward: HeldRewardView | None
    repair: HeldRepairView | None
    operations: Sequence[OperationView]


def explanation_view(found: Explained) -> ExplanationView:
    """An explanation as it is sent."""
    return ExplanationView(
        play=None if found.play is None else _play_view(found.play, found),
        reward=None if found.reward is None else _reward_view(found.reward),
        repair=None if found.repair is None else _repair_view(found.repair),
        operations=[_operation_view(each) for each in found.operations],
    )


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
        finished_at=at(play.finished_ms),
        decisions=[_decision_view(each) for each in found.decisions],
    )


def _reward_view(reward: HeldReward) -> HeldRewardView:
    return HeldRewardView(
        id=wire_id(reward.campaign_id, reward.reward_id),
        state=reward.state,
        summary=_summary(of_reward(reward)),
        source=reward.source,
        amount=reward.amount,
        withheld=reward.withheld,
        recovered=reward.recovered,
        owed=reward.owed,
        given_at=to_datetime(reward.given_ms),
        taken_back_at=at(reward.taken_back_ms),
    )


def _repair_view(repair: HeldRepair) -> HeldRepairView:
    return HeldRepairView(
        id=wire_id(repair.campaign_id, repair.repair_id),
        state=repair.state,
        summary=_summary(of_repair(repair)),
        streak=repair.streak_id,
        day=repair.day,
        price_points=repair.price_points,
        asked_at=to_datetime(repair.asked_ms),
        charged_before=to_datetime(repair.apply_before_ms),
        finished_at=at(repair.finished_ms),
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
        play=None if held.play_id is None else wire_id(held.campaign_id, held.play_id),
        reward=None if held.reward_id is None else wire_id(held.campaign_id, held.reward_id),
        repair=None if held.repair_id is None else wire_id(held.campaign_id, held.repair_id),
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
        decided_at=at(known.decided_at_ms),
        as_of=to_datetime(known.as_of_ms),
    )


def _entry_view(entry: PostedEntry) -> EntryView:
    return EntryView(seq=entry.seq, debit=entry.debit, credit=entry.credit, amount=entry.amount)


def _summary(code: str) -> SummaryView:
    words = explanations()[code]
    return SummaryView(code=code, zh=words["zh"], en=words["en"])


def _word(outcome: Decided | None) -> str | None:
    return None if outcome is None else type(outcome).__name__.lower()
