"""What we hold against what the core ledger posted, operation by operation: pure decisions."""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from game.ledger.kinds import CHARGES, REFUSED, TERMS, CaseKind, Kind
from ledger_client import budget, house
from ledger_client.operations import ISSUER, decode

# How long an operation may be in flight before that counts: longer than an outage takes to be worked off.
GRACE_MS: Final = 600_000
# A credit may be applied at any time: its entry is missed once the feed is past its place, or after so long.
PLACE_MS: Final = 86_400_000

UNCHARGED: Final = frozenset({"funding", "resolving"})
RELEASED: Final = frozenset({"rejected", "cancelled"})

_ID: Final = "([a-z0-9]{12})"
_NAME: Final = re.compile(
    rf"house:{_ID}|campaign:{_ID}:budget|play:{_ID}-[0-9a-f]{{32}}|draw:{_ID}:[0-9]{{1,19}}(?::[0-9]{{1,10}})?"
    rf"|(?:reward|return|repair):{_ID}-[0-9a-f]{{32}}(?::[0-9]{{1,10}})?"
)


class Repair(StrEnum):
    """What is done about it: send the same bytes again, drive the play on, or stop it for a person."""

    RESEND = "resend"
    DRIVE = "drive"
    REVIEW = "review"


class Break(msgspec.Struct, frozen=True, kw_only=True):
    """One disagreement, its value in points, what it means.

    Totals have no campaign; strangers have no play, reward or repair, and others have one of them.
    """

    kind: Kind
    operation_id: str
    campaign_id: str | None
    play_id: UUID | None
    reward_id: UUID | None
    repair_id: UUID | None
    points: int
    says: str
    repair: Repair | None = None


class Posted(msgspec.Struct, frozen=True):
    """A transfer: what an entry is compared by."""

    debit: str
    credit: str
    amount: int


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One operation as we hold it and as it was posted.

    It belongs to a play, to a reward (`reward`, `return`) or to a repair; `play_state` is that of the play or
    the repair, None of a reward. `owed_points` is the price, the prize or what is taken back, whatever the
    operation says; None: no such thing is known.
    `state` and what follows it are None where we hold no operation. After `placed_by_ms` its entry is in the
    feed. `is_seated` holds for a play whose seat stands in the log, `is_reissued` for a refused credit that
    goes on as another.
    """

    kind: CaseKind
    campaign_id: str
    play_id: UUID | None
    reward_id: UUID | None
    repair_id: UUID | None
    play_state: str | None
    is_seated: bool
    is_reissued: bool
    operation_id: str
    owed_points: int | None
    state: str | None
    subject: str | None
    body: bytes | None
    ledger_seq: int | None
    since_ms: int
    placed_by_ms: int
    posted: tuple[Posted, ...]


class At(msgspec.Struct, frozen=True, kw_only=True):
    """When a comparison is made, and how far the feed had been read by then."""

    now_ms: int
    read_seq: int


def find_break(case: Case, at: At) -> Break | None:
    """How the ledger and we disagree on an operation; None: we agree, or it is in flight still."""
    if not case.posted:
        return _missing_debit(case, at) if case.kind in CHARGES else _missing_credit(case, at)
    if case.kind not in CHARGES and case.owed_points is None:
        terms = TERMS[case.kind]
        return _break(case, terms.groundless, _sum(case.posted), f"The ledger {terms.did_for_nothing}.")
    return _difference(case) or (
        _posted_debit(case, at) if case.kind in CHARGES else _posted_credit(case, at)
    )


def stranger(
    campaign_id: str, operation_id: str, posted: Sequence[Posted], *, is_closed: bool
) -> Break | None:
    """An operation that we never made on an account of a campaign; None: the programme's own funding."""
    foreign = [transfer for transfer in posted if not _is_funding(transfer, is_closed=is_closed)]
    if not foreign:
        return None
    return Break(
        kind=Kind.THEIRS_ONLY,
        operation_id=operation_id,
        campaign_id=campaign_id,
        play_id=None,
        reward_id=None,
        repair_id=None,
        points=_sum(foreign),
        says=f"Somebody else moved {_told(foreign)}.",
    )


def totals_break(hour_ms: int, ours: tuple[int, int], theirs: tuple[int, int]) -> Break | None:
    """Count and sum of an hour's entries as they were read, against what the ledger counts now."""
    if ours == theirs:
        return None
    return Break(
        kind=Kind.TOTALS_DIFFER,
        operation_id=f"hour:{hour_ms}",
        campaign_id=None,
        play_id=None,
        reward_id=None,
        repair_id=None,
        points=abs(ours[1] - theirs[1]),
        says=f"Read: {ours[0]} entries, {ours[1]} points; the ledger counts {theirs[0]} and {theirs[1]}.",
    )


def campaign_of(name: str) -> str | None:
    """The campaign whose account, or whose operation if we made it, would have this name."""
    match = _NAME.fullmatch(name)
    return None if match is None else next(filter(None, match.groups()))


def _is_funding(transfer: Posted, *, is_closed: bool) -> bool:
    """Budgets are filled and prices collected by the programme itself, and what is left over at the end."""
    if transfer.debit == ISSUER:
        return transfer.credit.startswith("campaign:")
    if transfer.credit != ISSUER:
        return False
    return transfer.debit.startswith("house:") or is_closed


def _missing_debit(case: Case, at: At) -> Break | None:
    if case.state == "applied":
        return _lost(case, at)
    charge = CHARGES[case.kind]
    if case.play_state in charge.charged:
        state = case.state or "missing"
        says = f"The {charge.noun} is {case.play_state}, its debit is {state}; nothing was taken."
        return _break(case, charge.missing, case.owed_points, says, repair=_stop(case))
    if case.play_state in UNCHARGED and at.now_ms > case.placed_by_ms:
        says = f"The {charge.noun} is {case.play_state} long after its debit could be applied."
        return _break(case, Kind.DEBIT_IN_DOUBT, case.owed_points, says, repair=Repair.DRIVE)
    return None


def _missing_credit(case: Case, at: At) -> Break | None:
    if case.state == "applied":
        return _lost(case, at)
    terms = TERMS[case.kind]
    if case.owed_points is None:
        says = f"We hold a {case.kind} that is {case.state}, and know of nothing that it is for."
        return None if case.state in REFUSED else _break(case, terms.groundless, _body(case), says)
    if case.is_reissued or (case.state in terms.under_way and at.now_ms <= case.since_ms + GRACE_MS):
        return None
    says = f"{terms.happened} is {case.state or 'unknown to us'}."
    if case.state in REFUSED:
        says += f" {terms.remedy}"
    repair = Repair.RESEND if case.state == "due" else None
    return _break(case, terms.missing, case.owed_points, says, repair=repair)


def _lost(case: Case, at: At) -> Break | None:
    assert case.ledger_seq is not None, "what is applied has a place"
    if case.ledger_seq > at.read_seq and at.now_ms <= case.placed_by_ms:
        return None
    says = f"We hold it for applied as entry {case.ledger_seq}, and the ledger has no entry of it."
    return _break(case, Kind.OURS_ONLY, case.owed_points or _body(case), says, repair=_stop(case))


def _difference(case: Case) -> Break | None:
    posted, repair = _sum(case.posted), _stop(case) if case.play_state in RELEASED else None
    for ours in (case.owed_points, _body(case) if case.body is not None else posted):
        if ours != posted:
            says = f"The ledger moved {posted} points; ours is {ours}."
            return _break(case, Kind.AMOUNT_DIFFERS, abs(posted - (ours or 0)), says, repair=repair)
    if case.state is None or {(transfer.debit, transfer.credit) for transfer in case.posted} == {
        _accounts(case)
    }:
        return None
    says = f"The ledger moved {_told(case.posted)}; ours is from {' to '.join(_accounts(case))}."
    return _break(case, Kind.ACCOUNT_DIFFERS, posted, says, repair=repair)


def _posted_debit(case: Case, at: At) -> Break | None:
    charge, posted = CHARGES[case.kind], _sum(case.posted)
    if case.play_state in RELEASED | {"review"}:
        says = f"The {charge.noun} is {case.play_state}, and {posted} points were taken for it."
        return _break(case, charge.groundless, posted, says, repair=_stop(case))
    if case.play_state in UNCHARGED:
        says = f"The {charge.noun} is {case.play_state}, though its debit was applied."
        late = at.now_ms > case.since_ms + GRACE_MS
        return _break(case, charge.groundless, posted, says, repair=Repair.DRIVE) if late else None
    return _unrecorded(case)


def _posted_credit(case: Case, at: At) -> Break | None:
    return None if case.state == "due" and at.now_ms <= case.since_ms + GRACE_MS else _unrecorded(case)


def _unrecorded(case: Case) -> Break | None:
    if case.state in {"applied", None}:
        return None
    says = f"The ledger applied it, and we hold it for {case.state}."
    repair = Repair.RESEND if case.kind not in CHARGES and case.state == "due" else None
    return _break(case, Kind.UNRECORDED, _sum(case.posted), says, repair=repair)


def _stop(case: Case) -> Repair | None:
    """A seat that stands in the log has to be drawn: once paid, only a play without one may be stopped."""
    stops = case.play_state in RELEASED or (case.play_state == "paid" and not case.is_seated)
    return Repair.REVIEW if stops and case.kind == "debit" else None


def _break(case: Case, kind: Kind, points: int | None, says: str, *, repair: Repair | None = None) -> Break:
    return Break(
        kind=kind,
        operation_id=case.operation_id,
        campaign_id=case.campaign_id,
        play_id=case.play_id,
        reward_id=case.reward_id,
        repair_id=case.repair_id,
        points=points or 0,
        says=says,
        repair=repair,
    )


def _body(case: Case) -> int:
    """The points in the bytes that are sent; none where they can no longer be read."""
    try:
        return sum(leg.amount for leg in decode(case.body or b"").legs)
    except msgspec.DecodeError:
        return 0


def _accounts(case: Case) -> tuple[str, str]:
    subject = case.subject or ""
    if case.kind in CHARGES:
        return subject, house(case.campaign_id)
    if case.kind == "return":
        return subject, budget(case.campaign_id)
    return budget(case.campaign_id), subject


def _sum(posted: Sequence[Posted]) -> int:
    return sum(transfer.amount for transfer in posted)


def _told(posted: Sequence[Posted]) -> str:
    return ", ".join(f"{each.amount} from {each.debit} to {each.credit}" for each in posted[:4])
