"""Whether what must always hold does hold, over the rows, the ledger's entries and what players were told.

The decisions of the product are not asked: rows are read by plain SQL and judged by small pure functions.
Only the log is replayed by `game.fair`, whose word is what the product promises.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, Protocol, runtime_checkable

import asyncpg

from ledger_client import Account, EntryPage, Lookup, budget, house
from ledger_client.operations import ISSUER
from ledger_client.outcomes import Decided, Entry
from tests.invariants.answers import ANSWERS
from tests.invariants.badges import BADGES
from tests.invariants.boards import BOARDS
from tests.invariants.counts import COUNTS
from tests.invariants.facts import Facts
from tests.invariants.flight import AT_REST
from tests.invariants.gifts import GIFTS
from tests.invariants.given import GIVEN
from tests.invariants.money import MONEY
from tests.invariants.outcomes import OUTCOMES
from tests.invariants.rows import Rows, read_rows
from tests.invariants.streaks import STREAKS
from tests.invariants.told import Told

ALWAYS: Final = (*MONEY, *GIVEN, *GIFTS, *BADGES, *STREAKS, *ANSWERS, *OUTCOMES, *COUNTS, *BOARDS)
PAGE_ENTRIES: Final = 1_000
PAGES_MAX: Final = 10_000
LOOKUP_IDS: Final = 256
# Of one invariant; more of the same says no more.
FINDINGS_MAX: Final = 10


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


@runtime_checkable
class Balances(Protocol):
    """A ledger that tells balances."""

    async def account(self, account_id: str) -> Account:
        """The account's points."""
        ...


async def violations(
    pool: "asyncpg.Pool[asyncpg.Record]",
    ledger: Books,
    *,
    campaign_ids: Sequence[str],
    told: Iterable[Told] = (),
    in_flight_allowed: bool = False,
) -> list[str]:
    """Each `invariant: what is wrong`, at most FINDINGS_MAX of one; empty where all hold.

    With `in_flight_allowed` plays and credits may be under way or in review; nothing else is excused. Nothing
    may move while rows and entries are read.
    """
    rows = await read_rows(pool, campaign_ids)
    facts = Facts(
        rows=rows,
        feed=await feed(ledger),
        outcomes=await _outcomes(ledger, rows),
        posted=await _posted(ledger, rows),
        told=tuple(told),
    )
    return list(_found(facts, in_flight_allowed=in_flight_allowed))


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


def _found(facts: Facts, *, in_flight_allowed: bool) -> Iterator[str]:
    for invariant in ALWAYS if in_flight_allowed else (*ALWAYS, *AT_REST):
        for says in islice(invariant(facts), FINDINGS_MAX):
            yield f"{invariant.__name__}: {says}"


async def feed(ledger: Books) -> tuple[Entry, ...]:
    """All entries of a ledger, in their order."""
    entries: list[Entry] = []
    after_seq = 0
    for _ in range(PAGES_MAX):
        page = await ledger.entries(after_seq=after_seq, limit=PAGE_ENTRIES)
        entries += page.entries
        after_seq = page.next_after_seq
        if len(page.entries) < PAGE_ENTRIES:
            return tuple(entries)
    raise AssertionError(f"the feed has more than {PAGES_MAX} pages")


async def _outcomes(ledger: Books, rows: Rows) -> dict[str, Decided | None]:
    outcomes: dict[str, Decided | None] = {}
    ids = [operation.operation_id for operation in rows.operations]
    for start in range(0, len(ids), LOOKUP_IDS):
        outcomes |= (await ledger.lookup(ids[start : start + LOOKUP_IDS])).outcomes
    return outcomes


async def _posted(ledger: Books, rows: Rows) -> dict[str, int]:
    if not isinstance(ledger, Balances):
        return {}
    players = {play.account for play in rows.plays} | {reward.account for reward in rows.rewards}
    players |= {repair.account for repair in rows.repairs}
    campaigns = {name(log.campaign_id) for log in rows.logs for name in (budget, house)}
    return {
        account: (await ledger.account(account)).posted for account in sorted(players | campaigns | {ISSUER})
    }
