"""The part of the contract that reconciliation lives on: the feed of entries, and control totals."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final

from ledger_client.outcomes import Applied, Entry

if TYPE_CHECKING:
    from ledger_client.testing.contract import Bench

PAGE: Final = 2


async def feeds_what_was_applied(bench: "Bench") -> None:
    """Every leg that was applied stands in the feed, in order, however it is paged; nothing else does."""
    first = await bench.apply(bench.operation("fund", (bench.source, bench.player, 50)))
    await bench.apply(bench.operation("dear", (bench.player, bench.house, 60)))
    legs = ((bench.player, bench.house, 20), (bench.player, bench.budget, 5))
    last = await bench.apply(bench.operation("two", *legs))
    assert isinstance(first, Applied)
    assert isinstance(last, Applied)
    told = [entry async for entry in _feed(bench, after_seq=first.seq - 1, to_seq=last.seq + 1)]
    own = [entry for entry in told if entry.operation_id.startswith(f"{bench.prefix}:")]
    names = [(entry.seq, entry.operation_id.rpartition(":")[2], entry.leg) for entry in own]
    assert names == [(first.seq, "fund", 0), (last.seq, "two", 0), (last.seq + 1, "two", 1)]
    assert [(entry.debit, entry.credit, entry.amount) for entry in own[1:]] == [*legs]


async def totals_are_those_of_the_feed(bench: "Bench") -> None:
    """Count and sum of a range agree with the entries that the feed has there."""
    funds = [bench.operation(f"fund{nth}", (bench.source, bench.player, 10 + nth)) for nth in range(3)]
    outcomes = [await bench.apply(fund) for fund in funds]
    seqs = [outcome.seq for outcome in outcomes if isinstance(outcome, Applied)]
    assert len(seqs) == len(funds)
    told = [entry async for entry in _feed(bench, after_seq=seqs[0], to_seq=seqs[2])]
    amounts = [entry.amount for entry in told if entry.seq <= seqs[2]]
    totals = await bench.ledger.control_totals(from_seq=seqs[0] + 1, to_seq=seqs[2])
    assert (totals.entries, totals.amount) == (len(amounts), sum(amounts))
    assert totals.amount >= 11 + 12


async def _feed(bench: "Bench", *, after_seq: int, to_seq: int) -> AsyncIterator[Entry]:
    while after_seq < to_seq:
        page = await bench.ledger.entries(after_seq=after_seq, limit=PAGE)
        assert page.next_after_seq > after_seq, "the feed ends before an entry that was told"
        for entry in page.entries:
            yield entry
        after_seq = page.next_after_seq
