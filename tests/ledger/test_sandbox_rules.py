"""The sandbox's rules agree with the ledger in memory, which was written from the contract alone."""

import asyncio
import string

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger_client import IdempotencyMismatch, Lane, Outcome
from ledger_client.testing import FakeLedger
from sandbox_ledger import rules
from sandbox_ledger.wire import INTEGER_MAX, Leg, Operation, Record, Refused, Result

NOW_MS = 1_000
ACCOUNTS = ["player:a", "player:b", "campaign:c:budget", "house:c", "issuer"]

amounts = st.integers(1, 5) | st.sampled_from([INTEGER_MAX, INTEGER_MAX - 3])
pairs = st.permutations(ACCOUNTS).map(lambda found: found[:2])
legs = st.builds(lambda pair, amount: Leg(pair[0], pair[1], amount, "leg"), pairs, amounts)
operations = st.builds(
    Operation,
    id=st.sampled_from(string.ascii_lowercase[:12]),
    apply_before=st.sampled_from([NOW_MS - 1, NOW_MS, NOW_MS + 1, NOW_MS + 1, NOW_MS + 1]),
    legs=st.lists(legs, min_size=1, max_size=4),
    ref=st.sampled_from(["", "again"]),
)
batches = st.lists(st.lists(operations, min_size=1, max_size=8), max_size=6)


def decide(batches_: list[list[Operation]]) -> tuple[list[Result], dict[str, int]]:
    """What the rules make of batch after batch, and the balances they leave."""
    known: dict[str, Record] = {}
    balances = dict.fromkeys(ACCOUNTS, 0)
    results: list[Result] = []
    next_seq = 1
    for batch in batches_:
        plan = rules.decide(batch, known=known, balances=balances, next_seq=next_seq, now_ms=NOW_MS)
        known |= {record.outcome.id: record for record in plan.records}
        balances |= plan.balances
        assert [entry.seq for entry in plan.entries] == list(range(next_seq, next_seq + len(plan.entries)))
        next_seq += len(plan.entries)
        results += plan.results
    return results, balances


async def imitate(batches_: list[list[Operation]]) -> tuple[list[Outcome | None], dict[str, int]]:
    """What the ledger in memory makes of the same operations one by one; None is a mismatch."""
    ledger = FakeLedger(now_ms=lambda: NOW_MS)
    outcomes: list[Outcome | None] = []
    for operation in (operation for batch in batches_ for operation in batch):
        try:
            outcome = await ledger.apply(
                operation_id=operation.id,
                body=msgspec.json.encode(operation),
                lane=Lane.PLAY,
                subject="",
                deadline=0.0,
            )
        except IdempotencyMismatch:
            outcomes.append(None)
        else:
            outcomes.append(outcome)
    return outcomes, {account: ledger.balances[account] for account in ACCOUNTS}


@settings(derandomize=True, deadline=None)
@given(batches)
def test_rules_agree_with_the_fake(found: list[list[Operation]]) -> None:
    """The same outcomes and balances for any batches: duplicates, mismatches, floors, limits, deadlines."""
    results, balances = decide(found)
    outcomes, expected = asyncio.run(imitate(found))
    mine = [None if isinstance(result, Refused) else msgspec.json.encode(result) for result in results]
    theirs = [None if outcome is None else msgspec.json.encode(outcome) for outcome in outcomes]
    assert [each and msgspec.json.decode(each) for each in mine] == [
        each and msgspec.json.decode(each) for each in theirs
    ]
    assert balances == expected
    assert sum(balances.values()) == 0
    assert all(balances[account] >= 0 for account in ACCOUNTS if rules.is_guarded(account))


def test_a_tombstone_is_a_record_without_an_operation() -> None:
    """And every operation that comes later replays it."""
    tombstone = rules.tombstone("a", now_ms=NOW_MS)
    late = Operation("a", NOW_MS + 1, [Leg("issuer", "player:a", 1, "leg")], "")
    plan = rules.decide(
        [late], known={"a": tombstone}, balances=dict.fromkeys(ACCOUNTS, 0), next_seq=1, now_ms=NOW_MS
    )
    assert plan.results == [rules.replayed(tombstone)]
    assert (plan.records, plan.entries, plan.balances) == ([], [], {})
