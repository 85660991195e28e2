"""The ledger as the rest of the project sees it."""

from collections.abc import Sequence
from enum import Enum
from typing import Protocol

from ledger_client.outcomes import (
    Account,
    Capabilities,
    ControlTotals,
    EntryPage,
    Explanation,
    Lookup,
    Outcome,
)


class Lane(Enum):
    """Plays wait for nobody; bulk (credits from the outbox) takes what is left."""

    PLAY = "play"
    BULK = "bulk"

    # There is one of each; the names, which an Enum hashes by, are hashed ten times for an operation.
    __hash__ = object.__hash__


class Ledger(Protocol):
    """A ledger that applies every operation at most once.

    All questions (everything but `apply` and `fence`) raise `LedgerUnreachable` when no answer could be had.
    """

    async def apply(
        self, *, operation_id: str, body: bytes, lane: Lane, subject: str, deadline: float
    ) -> Outcome:
        """Send the stored bytes of an operation until it is decided or `deadline` (loop time) passes.

        `subject` is the account that its owner would notice (the player's): two operations of one subject
        are never in two calls at once. Never an exception for what a network or a full queue can do: that is
        `Unknown`, whose `sent` says whether this call may have reached the ledger. Raises `LedgerBug`.
        """
        ...

    async def fence(self, operation_id: str) -> Outcome:
        """Decide an id now: its outcome when it has one, else it can never be applied; Unknown: ask again."""
        ...

    async def decide_overdue(self, operation_id: str, *, apply_before_ms: int) -> Outcome:
        """Decide an id whose `apply_before` is over: by a lookup that is final, else by a fence.

        The outcome is the one that stands; `Expired` where nothing stands once the ledger's time is past
        `apply_before_ms`; before that the fence's, and without a fence Unknown: ask again.
        """
        ...

    async def lookup(self, operation_ids: Sequence[str]) -> Lookup:
        """The outcomes of up to 256 ids."""
        ...

    async def account(self, account_id: str) -> Account:
        """The account's points; an account that nothing ever touched has none."""
        ...

    async def explain(self, operation_id: str) -> Explanation:
        """What became of an operation and why, for support."""
        ...

    async def entries(self, *, after_seq: int, limit: int) -> EntryPage:
        """Up to 1,000 entries of all accounts, in the order of their commits; fewer: these are the last."""
        ...

    async def control_totals(self, *, from_seq: int, to_seq: int) -> ControlTotals:
        """Count and sum of a range of at most a million entries, both ends included."""
        ...

    async def capabilities(self) -> Capabilities:
        """What this ledger guarantees."""
        ...

    def available(self) -> bool:
        """Whether a play accepted now has a fair chance; ask before anything is stored."""
        ...

    async def close(self) -> None:
        """Finish what is in flight and release connections."""
        ...
