"""The contract's checks fail on ledgers that are wrong in the ways in which ledgers are wrong."""

from collections.abc import Callable, Sequence

import pytest

from ledger_client import (
    Applied,
    ControlTotals,
    Decided,
    EntryPage,
    Expired,
    Fenced,
    IdempotencyMismatch,
    Lookup,
    Operation,
    Outcome,
    Rejected,
)
from ledger_client.operations import ISSUER
from ledger_client.testing import Bench, FakeLedger, contract, duplicates, feed
from tests.ledger.serving import Clock


class Forgetful(FakeLedger):
    """Has no idempotency at all."""

    def _replay(self, operation_id: str) -> Decided | None:
        del operation_id
        return None


class SecondChance(FakeLedger):
    """Decides a refused operation anew."""

    def _replay(self, operation_id: str) -> Decided | None:
        found = super()._replay(operation_id)
        return None if isinstance(found, Rejected) else found


class Careless(FakeLedger):
    """Takes any body for the one it knows."""

    def _decide(self, operation: Operation) -> Decided:
        try:
            return super()._decide(operation)
        except IdempotencyMismatch:
            found = self._replay(operation.id)
            assert found is not None
            return found


class Netting(FakeLedger):
    """Looks at the floor once all legs are done."""

    def _evaluate(self, operation: Operation) -> Decided:
        accounts = {account for leg in operation.legs for account in (leg.debit, leg.credit)} - {ISSUER}
        before = self.balances.copy()
        for account in accounts:
            self.balances[account] += 1_000_000
        outcome = super()._evaluate(operation)
        for account in accounts:
            self.balances[account] -= 1_000_000
        if all(self.balances[account] >= 0 for account in accounts if not account.startswith("house:")):
            return outcome
        self.balances = before
        return Rejected(operation.id, "insufficient_funds", 0, "player:bench", 0, 20, replayed=False)


class Timeless(FakeLedger):
    """Does not know `apply_before`."""

    def _evaluate(self, operation: Operation) -> Decided:
        now_ms, self.now_ms = self.now_ms, lambda: -1
        try:
            return super()._evaluate(operation)
        finally:
            self.now_ms = now_ms


class Tombless(FakeLedger):
    """Says "fenced", and remembers nothing."""

    async def fence(self, operation_id: str) -> Outcome:
        return self._replay(operation_id) or Fenced(operation_id, replayed=False)


class Hasty(FakeLedger):
    """Takes whatever is overdue for expired."""

    async def decide_overdue(self, operation_id: str, *, apply_before_ms: int) -> Outcome:
        del apply_before_ms
        return Expired(operation_id, replayed=False)


class Boastful(FakeLedger):
    """Looks up as of a time that is yet to come."""

    async def lookup(self, operation_ids: Sequence[str]) -> Lookup:
        found = await super().lookup(operation_ids)
        return Lookup(found.outcomes, found.as_of_ms + 1)


class Unmarked(FakeLedger):
    """Never says that an outcome is a replay."""

    async def apply(self, **told: object) -> Outcome:
        outcome = await super().apply(**told)  # type: ignore[arg-type]
        if isinstance(outcome, Applied):
            return Applied(outcome.operation_id, outcome.seq, replayed=False, balances=outcome.balances)
        return outcome


class Gappy(FakeLedger):
    """Leaves the last entry of every page out."""

    async def entries(self, *, after_seq: int, limit: int) -> EntryPage:
        page = await super().entries(after_seq=after_seq, limit=limit)
        return EntryPage(page.entries[:-1], page.next_after_seq)


class Miscounting(FakeLedger):
    """Counts one entry too few."""

    async def control_totals(self, *, from_seq: int, to_seq: int) -> ControlTotals:
        return await super().control_totals(from_seq=from_seq + 1, to_seq=to_seq)


@pytest.mark.parametrize(
    ("wrong", "check"),
    [
        (Forgetful, duplicates.applies_concurrent_duplicates_once),
        (Forgetful, contract.replays_the_same_body),
        (SecondChance, contract.keeps_a_refusal_after_a_top_up),
        (SecondChance, duplicates.applies_no_duplicate_of_the_unfundable),
        (Careless, contract.refuses_another_body),
        (Netting, contract.holds_the_floor_after_every_leg),
        (Timeless, contract.refuses_what_comes_too_late),
        (Timeless, contract.means_what_a_lookup_says),
        (Boastful, contract.means_what_a_lookup_says),
        (Tombless, contract.never_applies_what_was_fenced),
        (Tombless, contract.decides_a_race_with_a_fence_once),
        (Hasty, contract.decides_what_is_overdue),
        (Unmarked, duplicates.applies_concurrent_duplicates_once),
        (SecondChance, duplicates.tells_all_duplicates_the_same_around_a_top_up),
        (Forgetful, duplicates.decides_each_of_a_full_batch_alone),
        (Careless, duplicates.decides_each_of_a_full_batch_alone),
        (Gappy, feed.feeds_what_was_applied),
        (Miscounting, feed.totals_are_those_of_the_feed),
    ],
)
@pytest.mark.asyncio
async def test_a_wrong_ledger_is_caught(wrong: Callable[..., FakeLedger], check: contract.Check) -> None:
    """The check that exists for it fails."""
    clock = Clock()
    with pytest.raises(AssertionError):
        await check(Bench(wrong(now_ms=clock), clock, "bench"))
