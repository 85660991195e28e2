"""Everything that is asked of the ledger one call at a time; all of it may be asked twice."""

import asyncio
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final, TypeVar
from urllib.parse import quote

import msgspec

from ledger_client.answers import Again, LookupAnswer, RecordAnswer, judge_as, judge_one, problem_of
from ledger_client.errors import LedgerBug, LedgerUnreachable
from ledger_client.line import Line
from ledger_client.options import ATTEMPTS_MAX, ENTRIES_MAX, LOOKUP_MAX, TOTALS_RANGE_MAX
from ledger_client.outcomes import (
    Account,
    Capabilities,
    ControlTotals,
    Decided,
    EntryPage,
    Explanation,
    Lookup,
    Outcome,
    Unknown,
    UnknownReason,
)
from ledger_client.transport import Reply, Request, Silence

T = TypeVar("T")
Judge = Callable[[Reply | Silence], T | Again | LedgerBug]

PAUSE_SECONDS_MAX: Final = 5.0

_ACCOUNT: Final = msgspec.json.Decoder(Account)
_CAPABILITIES: Final = msgspec.json.Decoder(Capabilities)
_LOOKUP: Final = msgspec.json.Decoder(LookupAnswer)
_RECORD: Final = msgspec.json.Decoder(RecordAnswer)
_ENTRIES: Final = msgspec.json.Decoder(EntryPage)
_TOTALS: Final = msgspec.json.Decoder(ControlTotals, strict=False)  # a sum is written as a string of digits


async def fence(line: Line, operation_id: str) -> Outcome:
    """The id's outcome from now on, for ever; Unknown: ask again."""

    def judge(reply: Reply | Silence) -> Decided | Again | LedgerBug:
        return judge_one(operation_id, reply)

    request = Request(f"/v1/operations/{_quoted(operation_id)}:fence", b"", 1)
    verdict: Decided | Again = await ask(line, request, judge)
    if isinstance(verdict, Again):
        return Unknown(operation_id, verdict.reason)
    return verdict


async def lookup(line: Line, operation_ids: Sequence[str]) -> Lookup:
    """The outcome of each id."""
    return answered(await ask_lookup(line, operation_ids))


async def ask_lookup(line: Line, operation_ids: Sequence[str]) -> Lookup | Again:
    """The outcome of each id, or why there is no answer."""
    assert 0 < len(operation_ids) <= LOOKUP_MAX, "the caller pages"
    body = msgspec.json.encode({"ids": operation_ids})
    request = Request("/v1/operations:lookup", body, len(operation_ids))
    answer = await ask(line, request, lambda reply: judge_as(_LOOKUP, reply))
    if isinstance(answer, Again):
        return answer
    found = {outcome.operation_id: outcome for outcome in answer.found}
    if not set(operation_ids) <= found.keys() | set(answer.missing):
        return Again(UnknownReason.BROKEN_ANSWER, None)
    return Lookup({id_: found.get(id_) for id_ in operation_ids}, as_of_ms=answer.as_of)


async def account(line: Line, account_id: str) -> Account:
    """The account's points."""
    request = Request(f"/v1/accounts/{_quoted(account_id)}", None, 1)
    return answered(await ask(line, request, lambda reply: judge_as(_ACCOUNT, reply)))


async def entries(line: Line, *, after_seq: int, limit: int) -> EntryPage:
    """A page of the feed; one that is out of order, or goes back, is no answer."""
    assert 1 <= limit <= ENTRIES_MAX, "the caller pages"
    request = Request(f"/v1/entries?after_seq={after_seq}&limit={limit}", None, 1)
    page = answered(await ask(line, request, lambda reply: judge_as(_ENTRIES, reply)))
    places = [after_seq, *(entry.seq for entry in page.entries)]
    if (
        page.next_after_seq != places[-1]
        or any(b <= a for a, b in pairwise(places))
        or len(places) > limit + 1
    ):
        raise LedgerUnreachable("the entries do not follow each other")
    return page


async def control_totals(line: Line, *, from_seq: int, to_seq: int) -> ControlTotals:
    """Count and sum of a range of entries."""
    assert 0 <= to_seq - from_seq < TOTALS_RANGE_MAX, "the caller splits longer ranges"
    request = Request(f"/v1/control-totals?from_seq={from_seq}&to_seq={to_seq}", None, 1)
    totals = answered(await ask(line, request, lambda reply: judge_as(_TOTALS, reply)))
    if (totals.from_seq, totals.to_seq) != (from_seq, to_seq):
        raise LedgerUnreachable("the totals are those of another range")
    return totals


async def capabilities(line: Line) -> Capabilities:
    """What the ledger guarantees."""
    return answered(await ask_capabilities(line))


async def ask_capabilities(line: Line) -> Capabilities | Again:
    """What the ledger guarantees, or why there is no answer."""
    request = Request("/v1/capabilities", None, 1)
    return await ask(line, request, lambda reply: judge_as(_CAPABILITIES, reply))


async def explain(line: Line, operation_id: str) -> Explanation:
    """The operation as it was first seen."""

    def judge(reply: Reply | Silence) -> Explanation | Again | LedgerBug:
        if isinstance(reply, Reply) and reply.status == 404:
            return _never_seen(operation_id, as_of=problem_of(reply).as_of)
        record = judge_as(_RECORD, reply)
        return _explained(operation_id, record) if isinstance(record, RecordAnswer) else record

    return answered(await ask(line, Request(f"/v1/operations/{_quoted(operation_id)}", None, 1), judge))


async def ask(line: Line, request: Request, judge: Judge[T]) -> T | Again:
    """What the judge makes of an answer, asked for a few times; raises `LedgerBug`."""
    last = Again(UnknownReason.CIRCUIT_OPEN, None)
    for failures in range(ATTEMPTS_MAX):
        if failures and not await _may_repeat(line, failures=failures, last=last):
            return last
        async with line.question_turns:
            if not line.breaker.admit():
                return last
            verdict = judge(await line.call(request, attempt=failures + 1))
            line.ended([verdict] if isinstance(verdict, Again) else [])
        if isinstance(verdict, LedgerBug):
            raise verdict
        if not isinstance(verdict, Again):
            return verdict
        last = verdict
    return last


async def _may_repeat(line: Line, *, failures: int, last: Again) -> bool:
    seconds = line.pause(failures=failures, last=last)
    if seconds > PAUSE_SECONDS_MAX or not line.budget.take(1):
        return False
    await asyncio.sleep(seconds)
    return True


def answered(found: T | Again) -> T:
    """The answer; raises `LedgerUnreachable` when there is none."""
    if isinstance(found, Again):
        raise LedgerUnreachable(found.reason.value)
    return found


def _never_seen(operation_id: str, *, as_of: int | None) -> Explanation | Again:
    if as_of is None:
        return Again(UnknownReason.BROKEN_ANSWER, None)
    return Explanation(
        operation_id=operation_id,
        outcome=None,
        as_of_ms=as_of,
        decided_at_ms=None,
        apply_before=None,
        legs=(),
        ref="",
    )


def _explained(operation_id: str, record: RecordAnswer) -> Explanation | Again:
    if record.outcome.operation_id != operation_id:
        return Again(UnknownReason.BROKEN_ANSWER, None)
    operation = record.operation
    return Explanation(
        operation_id=operation_id,
        outcome=record.outcome,
        as_of_ms=record.as_of,
        decided_at_ms=record.decided_at,
        apply_before=operation.apply_before if operation else None,
        legs=operation.legs if operation else (),
        ref=operation.ref if operation else "",
    )


def _quoted(name: str) -> str:
    return quote(name, safe=":~")
