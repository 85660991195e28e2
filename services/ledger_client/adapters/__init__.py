"""Ledgers that speak another language than the contract's, each behind an adapter that is a `Ledger`.

An adapter declares what it guarantees together with its ledger, and makes up in itself for what that ledger
lacks: the play engine has one way only (docs/decisions/0008-adapters.md).
"""

from ledger_client.adapters.formance import FormanceLedger
from ledger_client.client import LedgerClient
from ledger_client.hooks import Hooks
from ledger_client.ledger import Ledger
from ledger_client.options import Options

__all__ = ["SCHEMES", "FormanceLedger", "open_ledger"]

SCHEMES = ("http", "https", "formance+http", "formance+https")


def open_ledger(url: str, token: str, options: Options, *, hooks: Hooks | None = None) -> Ledger:
    """The ledger at `url`, whose scheme names the adapter; ValueError when there is none of that name.

    `https://host`: the contract itself. `formance+https://host/v2/name?asset=POINTS`: Formance Ledger.
    """
    scheme = url.partition("://")[0]
    if scheme not in SCHEMES:
        raise ValueError(f"a ledger's address starts with one of {', '.join(SCHEMES)}")
    if scheme.startswith("formance+"):
        return FormanceLedger.open(url.removeprefix("formance+"), token, options, hooks=hooks)
    return LedgerClient.open(url, token, options, hooks=hooks)
