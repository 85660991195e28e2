"""The part of the contract that duplicates torment: many at once, late ones, and batches with one inside."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ledger_client.errors import IdempotencyMismatch
from ledger_client.ledger import Lane
from ledger_client.operations import Operation, encode
from ledger_client.options import ITEMS_MAX
from ledger_client.outcomes import Applied, Outcome, Rejected

if TYPE_CHECKING:
    from ledger_client.testing.contract import Bench

FUNDED_DUPLICATES: Final = 64
UNFUNDED_DUPLICATES: Final = 32
BATCH: Final = ITEMS_MAX[Lane.BULK]
PATIENCE_SECONDS: Final = 60.0


async def applies_concurrent_duplicates_once(bench: "Bench") -> None:
    """64 at once: one applied, 63 replays of it."""
    await bench.fund(bench.player, 1_000)
    operation = bench.operation("pay", (bench.player, bench.house, 20))
    outcomes = await _in_many_calls(bench, [operation] * FUNDED_DUPLICATES)
    applied = [outcome for outcome in outcomes if isinstance(outcome, Applied)]
    assert len(applied) == FUNDED_DUPLICATES
    assert sorted(outcome.replayed for outcome in applied) == [False] + [True] * (FUNDED_DUPLICATES - 1)
    assert {outcome.seq for outcome in applied} == {applied[0].seq}
    assert await bench.posted(bench.player) == 980


async def applies_no_duplicate_of_the_unfundable(bench: "Bench") -> None:
    """32 at once: one refusal, told 32 times; after a top-up a late duplicate is refused, a new id is not."""
    operation = bench.operation("pay", (bench.player, bench.house, 20))
    outcomes = await _in_many_calls(bench, [operation] * UNFUNDED_DUPLICATES)
    refusals = [outcome for outcome in outcomes if isinstance(outcome, Rejected)]
    assert len(refusals) == UNFUNDED_DUPLICATES
    first = min(refusals, key=lambda refusal: refusal.replayed)
    assert sorted(refusal.replayed for refusal in refusals) == [False] + [True] * (UNFUNDED_DUPLICATES - 1)
    assert all(msgspec.structs.replace(refusal, replayed=False) == first for refusal in refusals)
    await bench.fund(bench.player, 100)
    assert await bench.apply(operation) == msgspec.structs.replace(first, replayed=True)
    assert isinstance(await bench.apply(bench.operation("anew", *_legs(operation))), Applied)
    assert await bench.posted(bench.player) == 80


async def tells_all_duplicates_the_same_around_a_top_up(bench: "Bench") -> None:
    """32 at once with a top-up among them: whatever the first was told, all were told."""
    operation = bench.operation("pay", (bench.player, bench.house, 20))
    top_up = bench.operation("fund", (bench.source, bench.player, 100))
    half = [operation] * (UNFUNDED_DUPLICATES // 2)
    outcomes = await _in_many_calls(bench, [*half, top_up, *half])
    kinds = {type(outcome) for outcome in (*outcomes[: len(half)], *outcomes[len(half) + 1 :])}
    assert len(kinds) == 1
    assert kinds <= {Applied, Rejected}
    assert await bench.posted(bench.player) == (80 if kinds == {Applied} else 100)


async def decides_each_of_a_full_batch_alone(bench: "Bench") -> None:
    """256 in a call, with a duplicate, a known id with another body and some unfundable: to each its own."""
    await bench.fund(bench.player, 1_000)
    known = bench.operation("known", (bench.player, bench.house, 1))
    await bench.apply(known)
    paid = [bench.operation(f"pay{nth}", (bench.player, bench.house, 2)) for nth in range(BATCH - 5)]
    dear = [bench.operation(f"dear{nth}", (bench.player, bench.house, 2_000)) for nth in range(3)]
    other = msgspec.structs.replace(known, ref="another body")
    outcomes = await _in_one_call(bench, [paid[0], *dear, other, *paid])
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds == [Applied, *[Rejected] * 3, IdempotencyMismatch, *[Applied] * len(paid)]
    twice = [msgspec.structs.replace(outcome, replayed=False) for outcome in (outcomes[0], outcomes[5])]
    assert twice[0] == twice[1]
    assert await bench.posted(bench.player) == 1_000 - 1 - 2 * len(paid)


def _legs(operation: Operation) -> list[tuple[str, str, int]]:
    return [(leg.debit, leg.credit, leg.amount) for leg in operation.legs]


async def _in_many_calls(bench: "Bench", operations: Sequence[Operation]) -> list[Outcome]:
    """Send all at once, in as many calls as the client makes at a time."""
    sent = []
    for nth, operation in enumerate(operations):
        one = _send(bench, operation, subject=f"{bench.player}.{nth}", lane=Lane.PLAY)
        sent.append(asyncio.create_task(one))
        await asyncio.sleep(0)  # what comes in one turn of the loop leaves together
    return await asyncio.gather(*sent)


async def _in_one_call(bench: "Bench", operations: Sequence[Operation]) -> list[Any]:
    """Send all at once, in one call where the client makes such large ones."""
    sent = (_send(bench, operation, subject=bench.player, lane=Lane.BULK) for operation in operations)
    return await asyncio.gather(*sent, return_exceptions=True)


async def _send(bench: "Bench", operation: Operation, *, subject: str, lane: Lane) -> Outcome:
    return await bench.ledger.apply(
        operation_id=operation.id,
        body=encode(operation),
        lane=lane,
        subject=subject,
        deadline=asyncio.get_running_loop().time() + PATIENCE_SECONDS,
    )
