"""The entries as a plain-text journal, which independent accounting tools recompute.

One transaction per operation, in the order of commits; two postings per leg, each with the balance that it
left, which the tools hold it against. Source: https://hledger.org/hledger.html#journal.
"""

from collections.abc import AsyncIterable, AsyncIterator, Sequence
from datetime import UTC, datetime

from sandbox_ledger.wire import Entry


async def transactions(entries: AsyncIterable[Entry]) -> AsyncIterator[str]:
    """Each operation's transaction; `entries` come in the order of the feed."""
    legs: list[Entry] = []
    async for entry in entries:
        if legs and legs[0].operation_id != entry.operation_id:
            yield transaction(legs)
            legs = []
        legs.append(entry)
    if legs:
        yield transaction(legs)


def transaction(legs: Sequence[Entry]) -> str:
    """All legs of one operation; dates are UTC."""
    day = datetime.fromtimestamp(legs[0].posted_at // 1_000, UTC).date()
    return "\n".join([f"{day} ({legs[0].operation_id})", *map(_postings, legs), "", ""])


def _postings(leg: Entry) -> str:
    # The tag keeps a code that looks like one ("date:x") from being read as such.
    tags = f"  ; seq: {leg.seq}, code: {leg.code}"
    return (
        f"    {leg.debit}  -{leg.amount} points = {leg.debit_balance} points{tags}\n"
        f"    {leg.credit}  {leg.amount} points = {leg.credit_balance} points"
    )
