"""What an answer proves about each operation; anything that does not fit the contract proves nothing."""

from collections.abc import Sequence
from typing import Annotated, Final, TypeVar

import msgspec

from ledger_client.errors import BadCredentials, IdempotencyMismatch, InvalidOperation, LedgerBug
from ledger_client.operations import Operation
from ledger_client.outcomes import Decided, UnknownReason
from ledger_client.transport import Reply, Silence

T = TypeVar("T")

# No pause is longer; more would not fit a clock.
MS_MAX: Final = 2**53 - 1

_IN_DOUBT: Final = frozenset(
    {
        UnknownReason.TIMEOUT,
        UnknownReason.CONNECTION,
        UnknownReason.SERVER_ERROR,
        UnknownReason.BROKEN_ANSWER,
    }
)


class Again(msgspec.Struct, frozen=True):
    """Not decided as far as this answer tells; the same bytes may be sent again.

    `is_down`: the ledger says of itself that it can do nothing (503), not that we ask for too much (429).
    """

    reason: UnknownReason
    after_seconds: float | None
    is_down: bool = False

    @property
    def in_doubt(self) -> bool:
        """Whether it may have been executed."""
        return self.reason in _IN_DOUBT


Verdict = Decided | LedgerBug | Again


class Problem(msgspec.Struct, frozen=True):
    """The part of a problem that is acted on; `as_of` (ms) comes with a 404."""

    code: str
    detail: str = ""
    final: bool = False
    retry_after_ms: Annotated[int, msgspec.Meta(ge=0, le=MS_MAX)] | None = None
    as_of: int | None = None


class _Refused(msgspec.Struct, frozen=True, tag_field="outcome", tag="refused"):
    id: str | None
    problem: Problem


class _BatchAnswer(msgspec.Struct, frozen=True):
    results: list[msgspec.Raw]


class LookupAnswer(msgspec.Struct, frozen=True):
    """What was found of the ids asked for, as of a time (ms)."""

    as_of: int
    found: list[Decided]
    missing: list[str]


class RecordAnswer(msgspec.Struct, frozen=True):
    """An operation as it was first seen; times in ms."""

    outcome: Decided
    operation: Operation | None
    decided_at: int
    as_of: int


_BATCH: Final = msgspec.json.Decoder(_BatchAnswer)
_RESULT: Final = msgspec.json.Decoder(Decided | _Refused)
_PROBLEM: Final = msgspec.json.Decoder(Problem)
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def judge_batch(ids: Sequence[str], reply: Reply | Silence) -> list[Verdict]:
    """One verdict per operation sent."""
    if (verdict := _of_whole(reply)) is not None:
        return _for_each(ids, verdict)
    assert isinstance(reply, Reply)
    try:
        results = _BATCH.decode(reply.body).results
    except _UNREADABLE:
        return _for_each(ids, _broken())
    return [_of_result(id_, results[i] if i < len(results) else None) for i, id_ in enumerate(ids)]


def judge_one(operation_id: str, reply: Reply | Silence) -> Verdict:
    """The verdict of an answer about a single operation."""
    if (verdict := _of_whole(reply)) is not None:
        return _for_each([operation_id], verdict)[0]
    assert isinstance(reply, Reply)
    return _of_result(operation_id, msgspec.Raw(reply.body))


def judge_as(decoder: msgspec.json.Decoder[T], reply: Reply | Silence) -> T | Again | LedgerBug:
    """The answer to a question, decoded."""
    if (verdict := _of_whole(reply)) is not None:
        return verdict
    assert isinstance(reply, Reply)
    try:
        return decoder.decode(reply.body)
    except _UNREADABLE:
        return _broken()


def problem_of(reply: Reply) -> Problem:
    """The problem in an answer that is not a success."""
    try:
        return _PROBLEM.decode(reply.body)
    except _UNREADABLE:
        return Problem(code=f"status_{reply.status}")


def _of_whole(reply: Reply | Silence) -> Again | LedgerBug | None:
    if isinstance(reply, Silence):
        return Again(reply.reason, None)
    if reply.status == 200:
        return None
    if reply.status in (401, 403):
        return BadCredentials(f"status_{reply.status}", problem_of(reply).detail)
    if reply.status in (400, 404, 413, 422):
        return _bug(problem_of(reply))
    return Again(_reason_of(reply), reply.retry_after_seconds, is_down=reply.status == 503)


def _reason_of(reply: Reply) -> UnknownReason:
    if reply.status == 409:
        return UnknownReason.IN_PROGRESS
    if reply.status == 429 or (reply.status == 503 and reply.not_executed):
        return UnknownReason.THROTTLED
    return UnknownReason.SERVER_ERROR if reply.status >= 500 else UnknownReason.BROKEN_ANSWER


def _for_each(ids: Sequence[str], verdict: Again | LedgerBug) -> list[Verdict]:
    # A batch refused as a whole may hold one bad operation: it is for the splitting to find it.
    if isinstance(verdict, LedgerBug) and not isinstance(verdict, BadCredentials) and len(ids) > 1:
        return [Again(UnknownReason.REFUSED, None)] * len(ids)
    return [verdict] * len(ids)


def _of_result(operation_id: str, raw: msgspec.Raw | None) -> Verdict:
    if raw is None:
        return _broken()
    try:
        found = _RESULT.decode(raw)
    except _UNREADABLE:
        return _broken()
    if isinstance(found, _Refused):
        return _of_refusal(found.problem)
    return found if found.operation_id == operation_id else _broken()


def _of_refusal(problem: Problem) -> Verdict:
    if problem.final:
        return _bug(problem)
    reason = UnknownReason.IN_PROGRESS if problem.code == "in_progress" else UnknownReason.THROTTLED
    return Again(reason, (problem.retry_after_ms or 0) / 1_000)


def _bug(problem: Problem) -> LedgerBug:
    kind = IdempotencyMismatch if problem.code == "idempotency_mismatch" else InvalidOperation
    return kind(problem.code, problem.detail)


def _broken() -> Again:
    return Again(UnknownReason.BROKEN_ANSWER, None)
