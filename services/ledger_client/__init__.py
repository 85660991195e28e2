"""The idempotent client of the core ledger; the rest of the project reaches points only through it."""

from ledger_client.client import LedgerClient
from ledger_client.errors import (
    BadCredentials,
    IdempotencyMismatch,
    InvalidOperation,
    LedgerBug,
    LedgerUnreachable,
)
from ledger_client.hooks import Call, Hooks, Wait
from ledger_client.ledger import Lane, Ledger
from ledger_client.operations import Leg, Operation, budget, encode, house, player
from ledger_client.options import Options
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

__all__ = [
    "Account",
    "Applied",
    "BadCredentials",
    "Call",
    "Capabilities",
    "ControlTotals",
    "Decided",
    "Entry",
    "EntryPage",
    "Expired",
    "Explanation",
    "Fenced",
    "Hooks",
    "IdempotencyMismatch",
    "InvalidOperation",
    "Lane",
    "Ledger",
    "LedgerBug",
    "LedgerClient",
    "LedgerUnreachable",
    "Leg",
    "Lookup",
    "Operation",
    "Options",
    "Outcome",
    "Rejected",
    "Unknown",
    "UnknownReason",
    "Wait",
    "budget",
    "encode",
    "house",
    "player",
]
