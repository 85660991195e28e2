"""A ledger in memory that keeps the whole contract, and fails when told to."""

import asyncio
from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from enum import Enum
from operator import attrgetter
from typing import assert_never

import msgspec

from ledger_client.errors import IdempotencyMismatch, LedgerUnreachable
from ledger_client.ledger import Lane
from ledger_client.operations import AMOUNT_MAX, ISSUER, Leg, Operation, decode
from ledger_client.outcomes import (
    Account,
    Applied,
    Capabilities,
    ControlTotals,
    Decided,
    Entry,
    EntryPage,
    Expired,
    Explanation,
    Fenced,
    Lookup,
    Outcome,
    Rejected,
    Unknown,
    UnknownReason,
)


class Fault(Enum):
    """What goes wrong with one call of `apply`."""

    LOSE_REQUEST = "lose_request"
    LOSE_ANSWER = "lose_answer"
    HANG = "hang"
    THROTTLE = "throttle"


class _Record(msgspec.Struct, frozen=True):
    outcome: Decided
    operation: Operation | None
    decided_at_ms: int


class FakeLedger:
    """Implements `Ledger`; `faults` are used up one per `apply`, and `received` keeps what was sent.

    `feed` is the entries in the order of their `seq`; a test may falsify it.
    """

    def __init__(self, *, now_ms: Callable[[], int]) -> None:
        self.now_ms = now_ms
        self.reachable = True
        self.faults: deque[Fault] = deque()
        self.received: list[tuple[str, bytes]] = []
        self.balances: defaultdict[str, int] = defaultdict(int)
        self.feed: list[Entry] = []
        self._records: dict[str, _Record] = {}
        self._next_seq = 1

    async def apply(
        self, *, operation_id: str, body: bytes, lane: Lane, subject: str, deadline: float
    ) -> Outcome:
        """Decide the operation, unless the next fault says otherwise."""
        del lane, subject
        operation = decode(body)
        assert operation.id == operation_id, "the body is another operation's"
        if not self.reachable:
            return Unknown(operation_id, UnknownReason.CIRCUIT_OPEN)
        self.received.append((operation_id, body))
        if not self.faults:
            return self._decide(operation)
        return await self._fail(self.faults.popleft(), operation, deadline)

    async def fence(self, operation_id: str) -> Outcome:
        """Bury the id when it was never seen."""
        if not self.reachable:
            return Unknown(operation_id, UnknownReason.CONNECTION)
        return self._replay(operation_id) or self._remember(Fenced(operation_id, replayed=False), None)

    async def decide_overdue(self, operation_id: str, *, apply_before_ms: int) -> Outcome:
        """Fence it."""
        del apply_before_ms
        return await self.fence(operation_id)

    async def lookup(self, operation_ids: Sequence[str]) -> Lookup:
        """The outcomes of the ids, as of now."""
        self._require_reachable()
        return Lookup({id_: self._replay(id_) for id_ in operation_ids}, as_of_ms=self.now_ms())

    async def account(self, account_id: str) -> Account:
        """The balance; nothing is ever held and nothing expires."""
        posted = self.balances[account_id]
        return Account(id=account_id, posted=posted, held=0, available=posted, expiring=None)

    async def explain(self, operation_id: str) -> Explanation:
        """The operation as it was first seen."""
        record = self._records.get(operation_id)
        operation = record.operation if record else None
        return Explanation(
            operation_id=operation_id,
            outcome=self._replay(operation_id),
            as_of_ms=self.now_ms(),
            decided_at_ms=record.decided_at_ms if record else None,
            apply_before=operation.apply_before if operation else None,
            legs=operation.legs if operation else (),
            ref=operation.ref if operation else "",
        )

    async def entries(self, *, after_seq: int, limit: int) -> EntryPage:
        """A page of the feed."""
        self._require_reachable()
        start = bisect_right(self.feed, after_seq, key=attrgetter("seq"))
        found = tuple(self.feed[start : start + limit])
        return EntryPage(found, next_after_seq=found[-1].seq if found else after_seq)

    async def control_totals(self, *, from_seq: int, to_seq: int) -> ControlTotals:
        """Count and sum of a part of the feed."""
        self._require_reachable()
        amounts = [entry.amount for entry in self.feed if from_seq <= entry.seq <= to_seq]
        return ControlTotals(from_seq, to_seq, entries=len(amounts), amount=sum(amounts))

    async def capabilities(self) -> Capabilities:
        """All of them."""
        return Capabilities(
            batch_max=256,
            sticky_refusals=True,
            apply_before=True,
            fence=True,
            ordered_floors=True,
            feed=True,
        )

    def available(self) -> bool:
        """What the test set."""
        return self.reachable

    async def close(self) -> None:
        """Nothing to release."""

    def fund(self, account_id: str, amount: int) -> None:
        """Issue points to an account, by an entry of no operation that was sent."""
        seq, self._next_seq = self._next_seq, self._next_seq + 1
        self.feed.append(Entry(seq, f"fund:{seq}", 0, ISSUER, account_id, amount, self.now_ms()))
        self.balances[account_id] += amount
        self.balances[ISSUER] -= amount

    def _require_reachable(self) -> None:
        if not self.reachable:
            raise LedgerUnreachable("set so by the test")

    async def _fail(self, fault: Fault, operation: Operation, deadline: float) -> Outcome:
        match fault:
            case Fault.LOSE_REQUEST:
                return Unknown(operation.id, UnknownReason.CONNECTION)
            case Fault.LOSE_ANSWER:
                self._decide(operation)
                return Unknown(operation.id, UnknownReason.TIMEOUT)
            case Fault.HANG:
                await asyncio.sleep(deadline - asyncio.get_running_loop().time())
                return Unknown(operation.id, UnknownReason.DEADLINE)
            case Fault.THROTTLE:
                return Unknown(operation.id, UnknownReason.THROTTLED)
        assert_never(fault)

    def _decide(self, operation: Operation) -> Decided:
        record = self._records.get(operation.id)
        if record and record.operation not in (None, operation):
            raise IdempotencyMismatch("idempotency_mismatch", operation.id)
        return self._replay(operation.id) or self._remember(self._evaluate(operation), operation)

    def _replay(self, operation_id: str) -> Decided | None:
        record = self._records.get(operation_id)
        return msgspec.structs.replace(record.outcome, replayed=True) if record else None

    def _remember(self, outcome: Decided, operation: Operation | None) -> Decided:
        self._records[outcome.operation_id] = _Record(outcome, operation, self.now_ms())
        return outcome

    def _evaluate(self, operation: Operation) -> Decided:
        if self.now_ms() >= operation.apply_before:
            return Expired(operation.id, replayed=False)
        draft = self.balances.copy()
        for index, leg in enumerate(operation.legs):
            if refusal := _post(draft, leg, index=index, operation_id=operation.id):
                return refusal
        self.balances, seq = draft, self._next_seq
        self._next_seq += len(operation.legs)
        self.feed.extend(_entries(operation, first_seq=seq, now_ms=self.now_ms()))
        touched = sorted({account for leg in operation.legs for account in (leg.debit, leg.credit)})
        guarded = {account: draft[account] for account in touched if _is_guarded(account)}
        return Applied(operation.id, seq=seq, replayed=False, balances=guarded)


def _entries(operation: Operation, *, first_seq: int, now_ms: int) -> list[Entry]:
    return [
        Entry(first_seq + nth, operation.id, nth, leg.debit, leg.credit, leg.amount, now_ms)
        for nth, leg in enumerate(operation.legs)
    ]


def _is_guarded(account_id: str) -> bool:
    return account_id.startswith(("player:", "campaign:"))


def _post(balances: defaultdict[str, int], leg: Leg, *, index: int, operation_id: str) -> Rejected | None:
    floor = 0 if _is_guarded(leg.debit) else -AMOUNT_MAX
    room = AMOUNT_MAX - balances[leg.credit]
    if balances[leg.debit] - leg.amount < floor:
        code, account, available = "insufficient_funds", leg.debit, balances[leg.debit] - floor
    elif room < leg.amount:
        code, account, available = "balance_limit", leg.credit, room
    else:
        balances[leg.debit] -= leg.amount
        balances[leg.credit] += leg.amount
        return None
    return Rejected(
        operation_id=operation_id,
        code=code,
        failed_leg=index,
        account=account,
        available=available,
        needed=leg.amount,
        replayed=False,
    )
