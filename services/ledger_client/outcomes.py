"""What became of an operation, and the other answers of a ledger."""

from enum import StrEnum
from typing import Final

import msgspec

from ledger_client.operations import Leg


class UnknownReason(StrEnum):
    """Why this call cannot say what became of the operation."""

    DEADLINE = "deadline"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    SERVER_ERROR = "server_error"
    BROKEN_ANSWER = "broken_answer"
    THROTTLED = "throttled"
    IN_PROGRESS = "in_progress"
    REFUSED = "refused"
    DEADLINE_UNSENT = "deadline_unsent"
    QUEUE_FULL = "queue_full"
    CIRCUIT_OPEN = "circuit_open"
    CLOSED = "closed"


_UNSENT: Final = frozenset(
    {
        UnknownReason.DEADLINE_UNSENT,
        UnknownReason.QUEUE_FULL,
        UnknownReason.CIRCUIT_OPEN,
        UnknownReason.CLOSED,
    }
)


# The structs are read straight off the wire, whose names are shorter.
_WIRE_NAMES: Final = {"operation_id": "id", "expires_at_ms": "expires_at"}


class Applied(msgspec.Struct, frozen=True, tag_field="outcome", tag="applied", rename=_WIRE_NAMES):
    """Applied, once. `seq` is the first entry's; `balances` are those of the guarded accounts, just after."""

    operation_id: str
    seq: int
    replayed: bool
    balances: dict[str, int]


class Rejected(msgspec.Struct, frozen=True, tag_field="outcome", tag="rejected", rename=_WIRE_NAMES):
    """Refused for good: leg `failed_leg` needed `needed` points of `account`, which had `available`.

    `code` is `insufficient_funds`, or `balance_limit` when an account would outgrow 2^53 - 1.
    """

    operation_id: str
    code: str
    failed_leg: int
    account: str
    available: int
    needed: int
    replayed: bool


class Expired(msgspec.Struct, frozen=True, tag_field="outcome", tag="expired", rename=_WIRE_NAMES):
    """First seen after its `apply_before`, so refused for good."""

    operation_id: str
    replayed: bool


class Fenced(msgspec.Struct, frozen=True, tag_field="outcome", tag="fenced", rename=_WIRE_NAMES):
    """Fenced before it was ever seen: it can never be applied."""

    operation_id: str
    replayed: bool


class Unknown(msgspec.Struct, frozen=True):
    """Undecided as far as this call can tell: it may have been applied, or may yet be."""

    operation_id: str
    reason: UnknownReason

    @property
    def sent(self) -> bool:
        """Whether this call may have put the operation on the wire (an earlier call may have, regardless)."""
        return self.reason not in _UNSENT


# What is overdue is decided by one of two. `feed` is for reconciliation only.
_NEEDED: Final = (("sticky_refusals",), ("fence", "apply_before"), ("ordered_floors",))

Decided = Applied | Rejected | Expired | Fenced
Outcome = Decided | Unknown


class Lookup(msgspec.Struct, frozen=True):
    """The outcome of each id asked for; None: not seen by the ledger as of `as_of_ms`.

    A None is final once `as_of_ms` is past the operation's `apply_before`; before that it proves nothing.
    """

    outcomes: dict[str, Decided | None]
    as_of_ms: int


class Explanation(msgspec.Struct, frozen=True):
    """All that the ledger knows of an operation, for support.

    `outcome` is None when it was never seen as of `as_of_ms`; `legs` is empty when only a fence was.
    """

    operation_id: str
    outcome: Decided | None
    as_of_ms: int
    decided_at_ms: int | None
    apply_before: int | None
    legs: tuple[Leg, ...]
    ref: str


class Expiring(msgspec.Struct, frozen=True, rename=_WIRE_NAMES):
    """The points that expire soonest."""

    amount: int
    expires_at_ms: int


class Account(msgspec.Struct, frozen=True):
    """An account's points: `available = posted - held`; `expiring` is None when none expire or none say."""

    id: str
    posted: int
    held: int
    available: int
    expiring: Expiring | None


class Entry(msgspec.Struct, frozen=True, rename={"posted_ms": "posted_at"}):
    """One leg as it was posted; `seq` is its place in the ledger's order of commits."""

    seq: int
    operation_id: str
    leg: int
    debit: str
    credit: str
    amount: int
    posted_ms: int


class EntryPage(msgspec.Struct, frozen=True):
    """Entries in the order of their commits; go on after `next_after_seq`. No gap is ever filled in later."""

    entries: tuple[Entry, ...]
    next_after_seq: int


class ControlTotals(msgspec.Struct, frozen=True):
    """How many entries there are from `from_seq` to `to_seq`, both included, and their sum in points."""

    from_seq: int
    to_seq: int
    entries: int
    amount: int


class Capabilities(msgspec.Struct, frozen=True):
    """What a ledger guarantees, or its adapter in its place (docs/decisions/0008-adapters.md)."""

    batch_max: int
    sticky_refusals: bool
    apply_before: bool
    fence: bool
    ordered_floors: bool
    feed: bool

    @property
    def lacking(self) -> tuple[str, ...]:
        """The guarantees without which points could be lost or taken twice, and that are not given."""
        return tuple(
            " or ".join(names) for names in _NEEDED if not any(getattr(self, name) for name in names)
        )
