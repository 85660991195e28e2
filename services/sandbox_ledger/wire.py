"""The contract's requests and answers (openapi/ledger.json).

Declared here and not imported from the client: the sandbox stands in for a ledger that others own, so a slip
in either side's reading of the contract must show as a failure and not cancel out.
"""

from typing import Annotated, Final

import msgspec

BATCH_MAX: Final = 256
LOOKUP_MAX: Final = 256
PAGE_MAX: Final = 1_000
LEGS_MAX: Final = 8
INTEGER_MAX: Final = 2**53 - 1

# `(?!\n)$`: Python's `$` alone also matches before a final newline, ECMAScript's does not.
_NAME: Final = r"[A-Za-z0-9._~-]{1,128}"
OPERATION_ID: Final = r"^[A-Za-z0-9:._~-]{1,128}(?!\n)$"
# Under these the ledger lets points expire: nobody else's operation or fence may take one of them.
OWN_IDS: Final = "expiry:"
ACCOUNT_ID: Final = rf"^(player:{_NAME}|campaign:{_NAME}:budget|house:{_NAME}|issuer)(?!\n)$"
OperationId = Annotated[str, msgspec.Meta(pattern=OPERATION_ID)]
AccountId = Annotated[str, msgspec.Meta(pattern=ACCOUNT_ID)]
Amount = Annotated[int, msgspec.Meta(ge=1, le=INTEGER_MAX)]
LegCode = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9:._~-]{1,64}(?!\n)$")]
Ref = Annotated[str, msgspec.Meta(pattern=r"^[ -~]{0,256}(?!\n)$")]
EpochMilliseconds = Annotated[int, msgspec.Meta(ge=0, le=INTEGER_MAX)]


class Leg(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A transfer of `amount` points from the `debit` account to the `credit` account."""

    debit: AccountId
    credit: AccountId
    amount: Amount
    code: LegCode


class Operation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One to eight legs, applied in order, all together, once per id and only before `apply_before` (ms).

    Ids that begin with `expiry:` are the ledger's own.
    """

    id: OperationId
    apply_before: EpochMilliseconds
    legs: Annotated[list[Leg], msgspec.Meta(min_length=1, max_length=LEGS_MAX)]
    ref: Ref


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Operations decided one by one in order; each is read on its own, so that one cannot spoil the rest."""

    operations: Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1, max_length=BATCH_MAX)]


class LookupRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The ids to look up."""

    ids: Annotated[list[OperationId], msgspec.Meta(min_length=1, max_length=LOOKUP_MAX)]


class Problem(msgspec.Struct, frozen=True):
    """RFC 9457 problem details.

    `final`: sending the same again cannot help. `executed`: whether anything was done; null means that this
    answer proves nothing. `as_of` (ms): an id not found by then was not seen by then.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    final: bool
    executed: bool | None
    failed_leg: int | None
    retry_after_ms: int | None
    as_of: int | None


class Applied(msgspec.Struct, frozen=True, tag_field="outcome", tag="applied"):
    """Applied; `seq` is the first entry's, `balances` those of the touched guarded accounts just after."""

    id: str
    seq: int
    balances: dict[str, int]
    replayed: bool


class Rejected(msgspec.Struct, frozen=True, tag_field="outcome", tag="rejected"):
    """Refused for good: leg `failed_leg` needed more than `account` had available, or room for."""

    id: str
    code: str
    failed_leg: int
    account: str
    available: int
    needed: int
    replayed: bool


class Expired(msgspec.Struct, frozen=True, tag_field="outcome", tag="expired"):
    """First seen at or after its `apply_before`; refused for good."""

    id: str
    replayed: bool


class Fenced(msgspec.Struct, frozen=True, tag_field="outcome", tag="fenced"):
    """Fenced before it was seen; refused for good."""

    id: str
    replayed: bool


class Refused(msgspec.Struct, frozen=True, tag_field="outcome", tag="refused"):
    """Of a batch only: this item could not be taken and nothing of it was executed."""

    id: str | None
    problem: Problem


Decided = Applied | Rejected | Expired | Fenced
Result = Decided | Refused


class BatchAnswer(msgspec.Struct, frozen=True):
    """One result per operation, in the order sent."""

    results: list[Result]


class LookupAnswer(msgspec.Struct, frozen=True):
    """The outcomes found; an id in `missing` was not seen by `as_of` (ms)."""

    as_of: int
    found: list[Decided]
    missing: list[str]


class Record(msgspec.Struct, frozen=True):
    """An operation as it was first seen; `operation` is null when only a fence was."""

    outcome: Decided
    operation: Operation | None
    decided_at: int


class RecordAnswer(msgspec.Struct, frozen=True):
    """An operation and what became of it, as of a time (ms)."""

    outcome: Decided
    operation: Operation | None
    decided_at: int
    as_of: int


class Expiring(msgspec.Struct, frozen=True):
    """The points that expire soonest."""

    amount: int
    expires_at: int


class Account(msgspec.Struct, frozen=True):
    """An account's points; an account that nothing ever touched has none."""

    id: str
    posted: int
    held: int
    available: int
    expiring: Expiring | None


class Entry(msgspec.Struct, frozen=True):
    """One leg as posted, with both balances just after it."""

    seq: int
    operation_id: str
    leg: int
    debit: str
    credit: str
    amount: int
    code: str
    debit_balance: int
    credit_balance: int
    posted_at: int


class EntryPage(msgspec.Struct, frozen=True):
    """Entries in commit order; go on after `next_after_seq`. No gap is ever filled in later."""

    entries: list[Entry]
    next_after_seq: int


class ControlTotals(msgspec.Struct, frozen=True):
    """The count and sum of the entries from `from_seq` to `to_seq`, both included.

    `amount` is a decimal string: a sum may outgrow what JSON readers keep exactly.
    """

    from_seq: int
    to_seq: int
    entries: int
    amount: str


class Capabilities(msgspec.Struct, frozen=True):
    """What this ledger guarantees."""

    batch_max: int
    sticky_refusals: bool
    apply_before: bool
    fence: bool
    ordered_floors: bool
    feed: bool
