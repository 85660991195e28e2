"""The contract as checks that run against any ledger; each raises AssertionError when it is broken.

They write: to accounts of the bench's own, under ids of its own, with points from the account that it names.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from ledger_client.errors import IdempotencyMismatch
from ledger_client.ledger import Lane, Ledger
from ledger_client.operations import ISSUER, Leg, Operation, encode
from ledger_client.outcomes import Applied, Expired, Fenced, Outcome, Rejected
from ledger_client.testing.duplicates import (
    applies_concurrent_duplicates_once,
    applies_no_duplicate_of_the_unfundable,
    decides_each_of_a_full_batch_alone,
    tells_all_duplicates_the_same_around_a_top_up,
)
from ledger_client.testing.feed import feeds_what_was_applied, totals_are_those_of_the_feed

PATIENCE_SECONDS: Final = 30.0
LIFETIME_MS: Final = 600_000


class Bench(msgspec.Struct, frozen=True):
    """A ledger, the time on its clock (ms), a prefix for names that nothing else uses, and a purse.

    Besides the accounts of its prefix, `source` is the only one that is touched: it is debited.
    """

    ledger: Ledger
    now_ms: Callable[[], int]
    prefix: str
    source: str = ISSUER

    @property
    def player(self) -> str:
        """A player's account: guarded."""
        return f"player:{self.prefix}"

    @property
    def budget(self) -> str:
        """A campaign's funds: guarded."""
        return f"campaign:{self.prefix}:budget"

    @property
    def house(self) -> str:
        """Where prices go: unguarded."""
        return f"house:{self.prefix}"

    def operation(self, name: str, *legs: tuple[str, str, int], lifetime_ms: int = LIFETIME_MS) -> Operation:
        """An operation of the bench; a leg is (debit, credit, amount)."""
        return Operation(
            id=f"{self.prefix}:{name}",
            apply_before=self.now_ms() + lifetime_ms,
            legs=tuple(Leg(debit, credit, amount, "check") for debit, credit, amount in legs),
            ref="contract check",
        )

    async def apply(self, operation: Operation) -> Outcome:
        """Send it, patiently."""
        return await self.ledger.apply(
            operation_id=operation.id,
            body=encode(operation),
            lane=Lane.PLAY,
            subject=operation.legs[0].debit,
            deadline=asyncio.get_running_loop().time() + PATIENCE_SECONDS,
        )

    async def fund(self, account: str, amount: int, *, name: str = "fund") -> None:
        """Give points to an account."""
        assert isinstance(await self.apply(self.operation(name, (self.source, account, amount))), Applied)

    async def posted(self, account: str) -> int:
        """The account's balance."""
        return (await self.ledger.account(account)).posted


async def applies_once_and_tells_balances(bench: Bench) -> None:
    """An operation moves its points, and tells the guarded balances it left."""
    await bench.fund(bench.player, 50)
    outcome = await bench.apply(bench.operation("pay", (bench.player, bench.house, 40)))
    assert isinstance(outcome, Applied)
    assert not outcome.replayed
    assert outcome.balances == {bench.player: 10}
    assert (await bench.posted(bench.player), await bench.posted(bench.house)) == (10, 40)


async def replays_the_same_body(bench: Bench) -> None:
    """The same id and body has the same outcome, marked, balances of the time included."""
    await bench.fund(bench.player, 50)
    operation = bench.operation("pay", (bench.player, bench.house, 20))
    first = await bench.apply(operation)
    await bench.fund(bench.player, 7, name="later")
    second = await bench.apply(operation)
    assert isinstance(first, Applied)
    assert second == msgspec.structs.replace(first, replayed=True)
    assert await bench.posted(bench.player) == 37


async def refuses_another_body(bench: Bench) -> None:
    """The same id with another body is a bug of the caller; the original stands untouched."""
    await bench.fund(bench.player, 50)
    operation = bench.operation("pay", (bench.player, bench.house, 20))
    await bench.apply(operation)
    try:
        await bench.apply(msgspec.structs.replace(operation, ref="another"))
    except IdempotencyMismatch:
        assert await bench.posted(bench.player) == 30
    else:
        raise AssertionError("another body was taken for the same operation")


async def keeps_a_refusal_after_a_top_up(bench: Bench) -> None:
    """Whoever was told "too few points" is not charged by a late duplicate, however rich by then."""
    operation = bench.operation("pay", (bench.player, bench.house, 20))
    first = await bench.apply(operation)
    await bench.fund(bench.player, 100)
    late = await bench.apply(operation)
    assert isinstance(first, Rejected)
    assert (first.code, first.failed_leg, first.account) == ("insufficient_funds", 0, bench.player)
    assert (first.available, first.needed) == (0, 20)
    assert late == msgspec.structs.replace(first, replayed=True)
    assert await bench.posted(bench.player) == 100


async def holds_the_floor_after_every_leg(bench: Bench) -> None:
    """A prize in the same operation does not pay for the play: nobody fishes for wins without points."""
    await bench.fund(bench.budget, 500)
    fishing = bench.operation("fish", (bench.player, bench.house, 100), (bench.budget, bench.player, 500))
    outcome = await bench.apply(fishing)
    assert isinstance(outcome, Rejected)
    assert outcome.failed_leg == 0
    assert (await bench.posted(bench.player), await bench.posted(bench.budget)) == (0, 500)


async def applies_legs_in_order(bench: Bench) -> None:
    """Points that an earlier leg brought may be spent by a later one."""
    await bench.fund(bench.budget, 500)
    ordered = bench.operation("ordered", (bench.budget, bench.player, 500), (bench.player, bench.house, 100))
    outcome = await bench.apply(ordered)
    assert isinstance(outcome, Applied)
    assert outcome.balances == {bench.budget: 0, bench.player: 400}


async def applies_all_legs_or_none(bench: Bench) -> None:
    """When the last leg is refused, the first is not applied either."""
    await bench.fund(bench.player, 50)
    torn = bench.operation("torn", (bench.player, bench.house, 50), (bench.budget, bench.player, 1))
    outcome = await bench.apply(torn)
    assert isinstance(outcome, Rejected)
    assert (outcome.failed_leg, outcome.account) == (1, bench.budget)
    assert (await bench.posted(bench.player), await bench.posted(bench.house)) == (50, 0)


async def refuses_what_comes_too_late(bench: Bench) -> None:
    """An operation first seen at its `apply_before` is refused, and stays so."""
    await bench.fund(bench.player, 50)
    late = bench.operation("late", (bench.player, bench.house, 20), lifetime_ms=0)
    assert await bench.apply(late) == Expired(late.id, replayed=False)
    assert await bench.apply(late) == Expired(late.id, replayed=True)
    assert await bench.posted(bench.player) == 50


async def means_what_a_lookup_says(bench: Bench) -> None:
    """What a lookup did not find can no longer be applied once `as_of` reaches its `apply_before`."""
    await bench.fund(bench.player, 50)
    operation = bench.operation("pay", (bench.player, bench.house, 20))
    found = await bench.ledger.lookup([operation.id, f"{bench.prefix}:fund"])
    assert found.outcomes[operation.id] is None
    assert isinstance(found.outcomes[f"{bench.prefix}:fund"], Applied)
    overdue = msgspec.structs.replace(operation, apply_before=found.as_of_ms)
    assert isinstance(await bench.apply(overdue), Expired)
    assert await bench.posted(bench.player) == 50


async def never_applies_what_was_fenced(bench: Bench) -> None:
    """A cancelled operation's late debit does nothing, however often it is sent."""
    await bench.fund(bench.player, 50)
    operation = bench.operation("pay", (bench.player, bench.house, 20))
    assert await bench.ledger.fence(operation.id) == Fenced(operation.id, replayed=False)
    assert await bench.apply(operation) == Fenced(operation.id, replayed=True)
    assert await bench.ledger.fence(operation.id) == Fenced(operation.id, replayed=True)
    assert await bench.posted(bench.player) == 50


async def never_reverses_by_a_fence(bench: Bench) -> None:
    """A fence that comes after the decision tells it, and changes nothing."""
    await bench.fund(bench.player, 50)
    paid = bench.operation("pay", (bench.player, bench.house, 20))
    dear = bench.operation("dear", (bench.player, bench.house, 2_000))
    for operation, kind in ((paid, Applied), (dear, Rejected)):
        decided = await bench.apply(operation)
        fenced = await bench.ledger.fence(operation.id)
        assert isinstance(decided, kind)
        assert fenced == msgspec.structs.replace(decided, replayed=True)
    assert await bench.posted(bench.player) == 30


async def never_overdraws_under_concurrency(bench: Bench) -> None:
    """Of 50 payments at once, exactly those that the balance covers are applied."""
    await bench.fund(bench.player, 100)
    payments = [bench.operation(f"pay{i}", (bench.player, bench.house, 10)) for i in range(50)]
    outcomes = await asyncio.gather(*map(bench.apply, payments))
    assert sum(isinstance(outcome, Applied) for outcome in outcomes) == 10
    assert sum(isinstance(outcome, Rejected) for outcome in outcomes) == 40
    assert (await bench.posted(bench.player), await bench.posted(bench.house)) == (0, 100)


async def decides_a_race_with_a_fence_once(bench: Bench) -> None:
    """A fence and its operation at the same time agree on who was first."""
    await bench.fund(bench.player, 1_000)
    for round_ in range(16):
        operation = bench.operation(f"race{round_}", (bench.player, bench.house, 1))
        fenced, applied = await asyncio.gather(bench.ledger.fence(operation.id), bench.apply(operation))
        assert type(fenced) is type(applied)
        assert isinstance(fenced, Applied | Fenced)


async def decides_what_is_overdue(bench: Bench) -> None:
    """A debit in doubt is decided once its time is over: as it was, or for ever as never applied."""
    await bench.fund(bench.player, 50)
    paid = bench.operation("pay", (bench.player, bench.house, 20))
    await bench.apply(paid)
    found = await bench.ledger.decide_overdue(paid.id, apply_before_ms=paid.apply_before)
    assert isinstance(found, Applied)
    lost = bench.operation("lost", (bench.player, bench.house, 20), lifetime_ms=-1)
    decided = await bench.ledger.decide_overdue(lost.id, apply_before_ms=lost.apply_before)
    assert isinstance(decided, Expired | Fenced)
    assert isinstance(await bench.apply(lost), Expired | Fenced)
    assert await bench.posted(bench.player) == 30


async def explains_what_it_saw(bench: Bench) -> None:
    """Support sees the legs and the outcome, or as of when nothing was seen."""
    operation = bench.operation("fund", (bench.source, bench.player, 50))
    await bench.apply(operation)
    seen = await bench.ledger.explain(operation.id)
    unseen = await bench.ledger.explain(f"{bench.prefix}:unseen")
    assert isinstance(seen.outcome, Applied)
    assert (seen.legs, seen.ref, seen.apply_before) == (operation.legs, operation.ref, operation.apply_before)
    assert (unseen.outcome, unseen.legs) == (None, ())


Check = Callable[[Bench], Awaitable[None]]
CHECKS: Final[tuple[Check, ...]] = (
    applies_once_and_tells_balances,
    replays_the_same_body,
    refuses_another_body,
    keeps_a_refusal_after_a_top_up,
    holds_the_floor_after_every_leg,
    applies_legs_in_order,
    applies_all_legs_or_none,
    refuses_what_comes_too_late,
    means_what_a_lookup_says,
    never_applies_what_was_fenced,
    never_reverses_by_a_fence,
    applies_concurrent_duplicates_once,
    applies_no_duplicate_of_the_unfundable,
    tells_all_duplicates_the_same_around_a_top_up,
    decides_each_of_a_full_batch_alone,
    never_overdraws_under_concurrency,
    decides_a_race_with_a_fence_once,
    decides_what_is_overdue,
    explains_what_it_saw,
    feeds_what_was_applied,
    totals_are_those_of_the_feed,
)
