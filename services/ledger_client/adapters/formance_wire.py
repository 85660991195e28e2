"""Formance Ledger v2's requests, and what its answers prove.

Source: the OpenAPI document of Formance Ledger, `openapi.yaml` of v2 (createTransaction, listTransactions,
getAccount, V2ErrorsEnum), and the Numscript documentation.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Final, TypeVar

import msgspec

from ledger_client.answers import Again
from ledger_client.errors import BadCredentials, IdempotencyMismatch, InvalidOperation, LedgerBug
from ledger_client.operations import ISSUER, Operation
from ledger_client.outcomes import Account, Applied, Decided, Expired, Fenced, Rejected, UnknownReason
from ledger_client.transport import Reply, Request, Silence

T = TypeVar("T")

PAGE_MAX: Final = 100
WORLD: Final = "world"
TOMBSTONES: Final = "playfair:tombstones"
OPERATION: Final = "playfair_operation"
DECISION: Final = "playfair_decision"

_GUARDED: Final = ("player:", "campaign:")
# An address has letters, digits and "_" between its colons: "_" begins what stands for another character.
_ESCAPES: Final = {"_": "__", ".": "_d", "~": "_t", "-": "_h"}
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Refusal(Enum):
    """Why a transaction was not created: its reference is taken, or a source has too little."""

    TAKEN = "taken"
    SHORT = "short"


class _Volume(msgspec.Struct, frozen=True):
    input: int
    output: int


class Transaction(msgspec.Struct, frozen=True, rename="camel"):
    """A transaction; `post_commit_volumes` by address and asset."""

    id: int
    timestamp: datetime
    metadata: dict[str, str]
    reference: str = ""
    post_commit_volumes: dict[str, dict[str, _Volume]] = {}


class _Created(msgspec.Struct, frozen=True):
    data: Transaction


class _Cursor(msgspec.Struct, frozen=True, rename="camel"):
    data: list[Transaction]
    has_more: bool = False


class _Page(msgspec.Struct, frozen=True):
    cursor: _Cursor


class _AccountData(msgspec.Struct, frozen=True):
    volumes: dict[str, _Volume] = {}


class _AccountAnswer(msgspec.Struct, frozen=True):
    data: _AccountData


class _Error(msgspec.Struct, frozen=True, rename="camel"):
    error_code: str
    error_message: str = ""


_CREATED: Final = msgspec.json.Decoder(_Created)
_PAGE: Final = msgspec.json.Decoder(_Page)
_ACCOUNT: Final = msgspec.json.Decoder(_AccountAnswer)
_ERROR: Final = msgspec.json.Decoder(_Error)
_DECISION: Final = msgspec.json.Decoder(Rejected | Expired | Fenced)
_OPERATION: Final = msgspec.json.Decoder(Operation)
_REFUSALS: Final = {(409, "CONFLICT"): Refusal.TAKEN, (400, "INSUFFICIENT_FUND"): Refusal.SHORT}


def address(account_id: str) -> str:
    """The account's address there: the issuer is the world, the rest keep their names, escaped."""
    if account_id == ISSUER:
        return WORLD
    return re.sub(r"[_.~-]", lambda found: _ESCAPES[found[0]], account_id)


def is_guarded(account_id: str) -> bool:
    """Whether the account never falls below zero."""
    return account_id.startswith(_GUARDED)


def to_apply(operation: Operation, body: bytes, *, asset: str) -> Request:
    """A transaction that sends the legs one after the other, each from what its source has by then."""
    variables: dict[str, str] = {}
    sends: list[str] = []
    for index, leg in enumerate(operation.legs):
        variables[f"amount{index}"] = f"{asset} {leg.amount}"
        source = _place(leg.debit, f"source{index}", variables)
        target = _place(leg.credit, f"target{index}", variables)
        overdraft = "" if is_guarded(leg.debit) or source == f"@{WORLD}" else " allowing unbounded overdraft"
        sends.append(f"send $amount{index} (\n  source = {source}{overdraft}\n  destination = {target}\n)\n")
    declared = "".join(f"  {_kind(name)} ${name}\n" for name in variables)
    script = {"plain": f"vars {{\n{declared}}}\n{''.join(sends)}", "vars": variables}
    return _create(operation.id, {"script": script, "metadata": {OPERATION: body.decode()}})


def to_bury(outcome: Decided, body: bytes | None, *, asset: str) -> Request:
    """A transaction that takes the id's reference and moves nothing in the end: one point there and back."""
    there = {"source": WORLD, "destination": TOMBSTONES, "amount": 1, "asset": asset}
    back = there | {"source": TOMBSTONES, "destination": WORLD}
    kept = {} if body is None else {OPERATION: body.decode()}
    metadata = kept | {DECISION: msgspec.json.encode(outcome).decode()}
    return _create(outcome.operation_id, {"postings": [there, back], "metadata": metadata})


def to_find(operation_ids: Sequence[str]) -> Request:
    """The transactions under these references, at most a page of them."""
    assert 0 < len(operation_ids) <= PAGE_MAX, "the caller pages"
    query = {"$or": [{"$match": {"reference": id_}} for id_ in operation_ids]}
    path = f"/transactions?expand=volumes&pageSize={PAGE_MAX}"
    return Request(path, msgspec.json.encode(query), len(operation_ids), query=True)


def to_read(account_id: str) -> Request:
    """The account's volumes."""
    return Request(f"/accounts/{address(account_id)}?expand=volumes", None, 1)


def judge_created(operation_id: str, reply: Reply | Silence) -> Transaction | Refusal | Again | LedgerBug:
    """Whether the transaction exists now; nothing else than a success or a known refusal proves anything."""
    if isinstance(reply, Reply) and (refusal := _REFUSALS.get((reply.status, _error(reply).error_code))):
        return refusal
    created = _read(_CREATED, reply)
    if isinstance(created, _Created):
        return created.data if created.data.reference == operation_id else _broken()
    return created


def judge_found(
    operation_ids: Sequence[str], reply: Reply | Silence
) -> dict[str, Transaction] | Again | LedgerBug:
    """The transactions by reference. One that was not asked for shows that the question was not read."""
    page = _read(_PAGE, reply)
    if not isinstance(page, _Page):
        return page
    found = {transaction.reference: transaction for transaction in page.cursor.data}
    return found if not page.cursor.has_more and found.keys() <= set(operation_ids) else _broken()


def judge_account(account_id: str, reply: Reply | Silence, *, asset: str) -> Account | Again | LedgerBug:
    """The account's points; one that nothing ever touched is not found there."""
    if isinstance(reply, Reply) and reply.status == 404 and _error(reply).error_code == "NOT_FOUND":
        return _account(account_id, 0)
    answer = _read(_ACCOUNT, reply)
    if not isinstance(answer, _AccountAnswer):
        return answer
    volume = answer.data.volumes.get(asset, _Volume(0, 0))
    return _account(account_id, volume.input - volume.output)


def applied(operation: Operation, transaction: Transaction, *, asset: str, replayed: bool) -> Applied:
    """The outcome that a transaction of an operation's legs is."""
    touched = sorted({account for leg in operation.legs for account in (leg.debit, leg.credit)})
    volumes = {id_: transaction.post_commit_volumes.get(address(id_), {}).get(asset) for id_ in touched}
    balances = {
        id_: volume.input - volume.output for id_, volume in volumes.items() if is_guarded(id_) and volume
    }
    return Applied(operation.id, seq=transaction.id, replayed=replayed, balances=balances)


def told(transaction: Transaction, *, asset: str) -> Decided:
    """The outcome that stands under a reference; `IdempotencyMismatch` when it is nothing of ours."""
    if DECISION in transaction.metadata:
        decided: Decided = _kept(transaction, DECISION, _DECISION)
        return msgspec.structs.replace(decided, replayed=True)
    operation = _kept(transaction, OPERATION, _OPERATION)
    return applied(operation, transaction, asset=asset, replayed=True)


def operation_of(transaction: Transaction) -> Operation | None:
    """The operation as it was first seen; None: only a fence was."""
    return _kept(transaction, OPERATION, _OPERATION) if OPERATION in transaction.metadata else None


def refuse_another_body(transaction: Transaction, body: bytes) -> None:
    """Raise `IdempotencyMismatch` when the id was used with another body; a fence goes with any."""
    if transaction.metadata.get(OPERATION, body.decode()) != body.decode():
        raise IdempotencyMismatch("idempotency_mismatch", transaction.reference)


def first_short(operation: Operation, balances: Mapping[str, int]) -> Rejected | None:
    """The refusal by the first leg that these balances cannot pay; None: they can pay all."""
    left = dict(balances)
    for index, leg in enumerate(operation.legs):
        available = left.get(leg.debit, 0)
        if is_guarded(leg.debit) and available < leg.amount:
            return Rejected(
                operation_id=operation.id,
                code="insufficient_funds",
                failed_leg=index,
                account=leg.debit,
                available=available,
                needed=leg.amount,
                replayed=False,
            )
        left[leg.debit] = available - leg.amount
        left[leg.credit] = left.get(leg.credit, 0) + leg.amount
    return None


def _kept(transaction: Transaction, key: str, decoder: msgspec.json.Decoder[T]) -> T:
    """What the adapter once wrote; whatever else stands there was written by others."""
    try:
        return decoder.decode(transaction.metadata.get(key, ""))
    except _UNREADABLE:
        raise IdempotencyMismatch("foreign_reference", transaction.reference) from None


def _create(reference: str, what: dict[str, object]) -> Request:
    return Request("/transactions", msgspec.json.encode({"reference": reference} | what), 1)


def _place(account_id: str, name: str, variables: dict[str, str]) -> str:
    """How a script writes the account: the world in person, so that it may owe; others as variables."""
    if account_id == ISSUER:
        return f"@{WORLD}"
    variables[name] = address(account_id)
    return f"${name}"


def _kind(variable: str) -> str:
    return "monetary" if variable.startswith("amount") else "account"


def _read(decoder: msgspec.json.Decoder[T], reply: Reply | Silence) -> T | Again | LedgerBug:
    if isinstance(reply, Silence):
        return Again(reply.reason, None)
    if reply.status != 200:
        return _unusable(reply)
    try:
        return decoder.decode(reply.body)
    except _UNREADABLE:
        return _broken()


def _unusable(reply: Reply) -> Again | LedgerBug:
    error = _error(reply)
    if reply.status in (401, 403):
        return BadCredentials(f"status_{reply.status}", error.error_message)
    if reply.status in (400, 404, 413, 422):
        return InvalidOperation(error.error_code, error.error_message)
    if reply.status == 429:
        return Again(UnknownReason.THROTTLED, reply.retry_after_seconds)
    reason = UnknownReason.SERVER_ERROR if reply.status >= 500 else UnknownReason.BROKEN_ANSWER
    return Again(reason, reply.retry_after_seconds)


def _error(reply: Reply) -> _Error:
    try:
        return _ERROR.decode(reply.body)
    except _UNREADABLE:
        return _Error(f"status_{reply.status}")


def _account(account_id: str, posted: int) -> Account:
    return Account(id=account_id, posted=posted, held=0, available=posted, expiring=None)


def _broken() -> Again:
    return Again(UnknownReason.BROKEN_ANSWER, None)
