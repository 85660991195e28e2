"""For tests: a ledger in memory, and the contract that every ledger must pass."""

from ledger_client.testing.contract import CHECKS, Bench, Check
from ledger_client.testing.fake import FakeLedger, Fault
from ledger_client.testing.running import Finding, Verdict, run_checks, undeclared

__all__ = [
    "CHECKS",
    "Bench",
    "Check",
    "FakeLedger",
    "Fault",
    "Finding",
    "Verdict",
    "run_checks",
    "undeclared",
]
