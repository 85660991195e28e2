"""When a player's points expire: pure, over running totals (docs/decisions/0010-sandbox-expiry.md).

Debits take the oldest points first. So of an account to which `credited` points ever came and which has
`posted` left, the first `credited - posted` are gone; of a lot something is left while its running total
`through` is above that.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from sandbox_ledger.wire import INTEGER_MAX, OWN_IDS, Entry, Expiring, Leg, Operation

DAY_MS: Final = 86_400_000
ISSUER: Final = "issuer"


class Lot(msgspec.Struct, frozen=True, array_like=True):
    """The points of entry `seq`; `through` counts all that came to the account, up to and with these."""

    account: str
    through: int
    seq: int
    credited_ms: int


class Holding(msgspec.Struct, frozen=True, array_like=True):
    """What an account has, and all that ever came to it.

    `last_due`: the last lot whose time has come, spent or not.
    """

    posted: int
    credited: int
    last_due: Lot | None


NOTHING: Final = Holding(posted=0, credited=0, last_due=None)


def expires(account_id: str) -> bool:
    """Whether points on the account expire: a player's do, a campaign's budget does not."""
    return account_id.startswith("player:")


def expiries(holdings: Iterable[Holding]) -> list[Operation]:
    """The operations that take what is overdue, one per account; each lot ends at most one of them."""
    return [
        Operation(
            id=f"{OWN_IDS}{lot.seq}",
            apply_before=INTEGER_MAX,
            legs=[Leg(lot.account, ISSUER, lot.through - _spent(holding), "expiry")],
            ref="",
        )
        for holding in holdings
        if (lot := holding.last_due) and lot.through > _spent(holding)
    ]


def lots_of(entries: Sequence[Entry], holdings: Mapping[str, Holding]) -> list[Lot]:
    """The lots that new entries bring; `holdings` has every account of theirs as it was before."""
    credited = {account: holding.credited for account, holding in holdings.items()}
    lots: list[Lot] = []
    for entry in entries:
        if expires(entry.credit):
            credited[entry.credit] += entry.amount
            lots.append(Lot(entry.credit, credited[entry.credit], entry.seq, entry.posted_at))
    return lots


def expiring(holding: Holding, oldest: Lot | None, *, ttl_ms: int) -> Expiring | None:
    """What is left of `oldest`, the first lot of which something is, and when it expires (ms)."""
    if oldest is None:
        return None
    return Expiring(amount=oldest.through - _spent(holding), expires_at=oldest.credited_ms + ttl_ms)


def _spent(holding: Holding) -> int:
    return holding.credited - holding.posted
