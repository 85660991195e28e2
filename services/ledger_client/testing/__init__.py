"""For tests: a ledger in memory, and the contract that every ledger must pass."""

from ledger_client.testing.contract import CHECKS, Bench
from ledger_client.testing.fake import FakeLedger, Fault

__all__ = ["CHECKS", "Bench", "FakeLedger", "Fault"]
