"""What a ledger client raises.

Whatever can become of an operation is an `Outcome`. A `LedgerBug` says that the caller, its configuration or
its storage is wrong, and that sending again will not help.
"""


class LedgerUnreachable(Exception):
    """A question (never a write) got no usable answer; ask again later."""


class LedgerBug(Exception):
    """The ledger refused a request that a correct caller never sends; nothing was executed."""

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        super().__init__(f"{code}: {detail}")


class IdempotencyMismatch(LedgerBug):
    """The operation's id was first used with another body; the original stands untouched."""


class BadCredentials(LedgerBug):
    """The ledger does not accept our token (401) or does not let it do this (403)."""


class InvalidOperation(LedgerBug):
    """The ledger cannot read the operation (400, 404, 413, 422): it breaks the contract's limits."""
