"""How operations are decided: pure, over balances of one moment."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from sandbox_ledger.problems import describe
from sandbox_ledger.wire import (
    INTEGER_MAX,
    Applied,
    Decided,
    Entry,
    Expired,
    Fenced,
    Leg,
    Operation,
    Record,
    Refused,
    Rejected,
    Result,
)


class Plan(msgspec.Struct, frozen=True):
    """What to answer and what to write; `balances` are those of the accounts that changed."""

    results: list[Result]
    records: list[Record]
    entries: list[Entry]
    balances: dict[str, int]


def is_guarded(account_id: str) -> bool:
    """Whether the account must never fall below zero."""
    return account_id.startswith(("player:", "campaign:"))


def accounts_of(operations: Iterable[Operation]) -> list[str]:
    """The accounts that the operations touch, in the order in which they are locked."""
    return sorted({account for o in operations for leg in o.legs for account in (leg.debit, leg.credit)})


def decide(
    operations: Sequence[Operation],
    *,
    known: Mapping[str, Record],
    balances: Mapping[str, int],
    next_seq: int,
    now_ms: int,
) -> Plan:
    """Decide the operations one after another, each on the balances that those before it left.

    `known` holds what was decided before, `balances` every account touched. The same id twice in one batch
    is a replay like any other.
    """
    seen = dict(known)
    draft = dict(balances)
    plan = Plan(results=[], records=[], entries=[], balances={})
    for operation in operations:
        if earlier := seen.get(operation.id):
            plan.results.append(_replay(earlier, operation))
            continue
        outcome, entries = _first_time(
            operation, balances=draft, seq=next_seq + len(plan.entries), now_ms=now_ms
        )
        _take(plan, balances=draft, entries=entries)
        seen[operation.id] = Record(outcome=outcome, operation=operation, decided_at=now_ms)
        plan.records.append(seen[operation.id])
        plan.results.append(outcome)
    return plan


def replayed(record: Record) -> Decided:
    """The outcome as every later reader is told it."""
    return msgspec.structs.replace(record.outcome, replayed=True)


def _take(plan: Plan, *, balances: dict[str, int], entries: list[Entry]) -> None:
    for entry in entries:
        plan.balances[entry.debit] = balances[entry.debit] = entry.debit_balance
        plan.balances[entry.credit] = balances[entry.credit] = entry.credit_balance
    plan.entries.extend(entries)


def _replay(earlier: Record, operation: Operation) -> Result:
    if earlier.operation in (operation, None):
        return replayed(earlier)
    return Refused(
        id=operation.id,
        problem=describe("idempotency_mismatch", f"{operation.id} was first used with another body."),
    )


def _first_time(
    operation: Operation, *, balances: Mapping[str, int], seq: int, now_ms: int
) -> tuple[Decided, list[Entry]]:
    if now_ms >= operation.apply_before:
        return Expired(id=operation.id, replayed=False), []
    own = {account: balances[account] for leg in operation.legs for account in (leg.debit, leg.credit)}
    entries: list[Entry] = []
    for index, leg in enumerate(operation.legs):
        if refusal := _refusal(leg, own, operation_id=operation.id, index=index):
            return refusal, []
        own[leg.debit] -= leg.amount
        own[leg.credit] += leg.amount
        entries.append(
            _entry(leg, own, operation_id=operation.id, index=index, seq=seq + index, now_ms=now_ms)
        )
    guarded = {account: balance for account, balance in own.items() if is_guarded(account)}
    return Applied(id=operation.id, seq=seq, balances=guarded, replayed=False), entries


def _refusal(leg: Leg, balances: Mapping[str, int], *, operation_id: str, index: int) -> Rejected | None:
    funds = balances[leg.debit] + (0 if is_guarded(leg.debit) else INTEGER_MAX)
    room = INTEGER_MAX - balances[leg.credit]
    if leg.amount <= min(funds, room):
        return None
    short = funds < leg.amount
    return Rejected(
        id=operation_id,
        code="insufficient_funds" if short else "balance_limit",
        failed_leg=index,
        account=leg.debit if short else leg.credit,
        available=funds if short else room,
        needed=leg.amount,
        replayed=False,
    )


def _entry(
    leg: Leg, balances: Mapping[str, int], *, operation_id: str, index: int, seq: int, now_ms: int
) -> Entry:
    return Entry(
        seq=seq,
        operation_id=operation_id,
        leg=index,
        debit=leg.debit,
        credit=leg.credit,
        amount=leg.amount,
        code=leg.code,
        debit_balance=balances[leg.debit],
        credit_balance=balances[leg.credit],
        posted_at=now_ms,
    )


def tombstone(operation_id: str, *, now_ms: int) -> Record:
    """The record that buries an id that was never seen."""
    return Record(outcome=Fenced(id=operation_id, replayed=False), operation=None, decided_at=now_ms)
