"""Duplicates over plain HTTP, and the worst batch: duplicates, poison and lost answers in one."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from ledger_client import (
    Applied,
    Hooks,
    IdempotencyMismatch,
    InvalidOperation,
    Lane,
    LedgerClient,
    Options,
    Rejected,
)
from ledger_client.options import FAILURES_BEFORE_SPLIT, ITEMS_MAX
from ledger_client.transport import HttpTransport, Reply, Request, Silence
from tests.ledger.serving import TOKEN, Sandbox, operation, transfer

BATCH = ITEMS_MAX[Lane.BULK]
# Two attempts with the whole batch and two halves at each halving; a lost answer of a half costs two more.
HALVINGS = BATCH.bit_length() - 1
CALLS_MAX = FAILURES_BEFORE_SPLIT + 2 * HALVINGS + 2


class Wire(HttpTransport):
    """HTTP, with a count of what goes over it."""

    def __init__(self, url: str) -> None:
        super().__init__(url, token=TOKEN, connections_max=4)
        self.sizes: list[int] = []

    async def call(self, request: Request, *, timeout_seconds: float) -> Reply | Silence:
        self.sizes.append(request.items)
        return await super().call(request, timeout_seconds=timeout_seconds)


def payment(operation_id: str, amount: int = 10, *, player: str = "player:p") -> dict[str, Any]:
    """A player pays."""
    return operation(operation_id, transfer(player, "house:c", amount))


async def apply_all(client: LedgerClient, operations: Sequence[tuple[str, bytes]]) -> list[Any]:
    """All at once, in one call where nothing goes wrong."""
    deadline = asyncio.get_running_loop().time() + 60
    sent = (
        client.apply(operation_id=id_, body=body, lane=Lane.BULK, subject="player:p", deadline=deadline)
        for id_, body in operations
    )
    return await asyncio.gather(*sent, return_exceptions=True)


async def entries_by_operation(sandbox: Sandbox) -> Counter[str]:
    """How many entries each operation has."""
    feed = await sandbox.get("/v1/entries?after_seq=0&limit=1000")
    return Counter(entry["operation_id"] for entry in feed["entries"])


@pytest.mark.asyncio
async def test_64_duplicates_over_as_many_connections(sandbox: Sandbox) -> None:
    """One is applied, and 63 are told that it was."""
    await sandbox.fund("player:p", 1_000)
    one = payment("play")
    answers = await asyncio.gather(*(sandbox.post("/v1/operations", one) for _ in range(64)))
    assert Counter(answer["replayed"] for answer in answers) == {False: 1, True: 63}
    assert {(answer["outcome"], answer["seq"]) for answer in answers} == {("applied", answers[0]["seq"])}
    assert (await entries_by_operation(sandbox))["play"] == 1


@pytest.mark.asyncio
async def test_32_duplicates_of_the_unfundable_over_as_many_connections(sandbox: Sandbox) -> None:
    """None is told "applied", then or after a top-up; a new id is applied."""
    one = payment("play")
    answers = await asyncio.gather(*(sandbox.post("/v1/operations", one) for _ in range(32)))
    assert Counter((answer["outcome"], answer["replayed"]) for answer in answers) == {
        ("rejected", False): 1,
        ("rejected", True): 31,
    }
    assert {(answer["available"], answer["needed"], answer["code"]) for answer in answers} == {
        (0, 10, "insufficient_funds")
    }
    await sandbox.fund("player:p", 100)
    late = await sandbox.post("/v1/operations", one)
    anew = await sandbox.post("/v1/operations", payment("anew"))
    assert (late["outcome"], late["available"], anew["outcome"]) == ("rejected", 0, "applied")
    assert (await sandbox.get("/v1/accounts/player:p"))["posted"] == 90


@pytest.mark.asyncio
async def test_duplicates_in_batches_that_race(sandbox: Sandbox) -> None:
    """Sixteen batches of the same sixteen operations, each in another order, apply each of them once."""
    await sandbox.fund("player:p", 1_000)
    shared = [payment(f"play{number}") for number in range(16)]
    batches = [{"operations": shared[turn:] + shared[:turn]} for turn in range(16)]
    answers = await asyncio.gather(*(sandbox.post("/v1/operations:batch", batch) for batch in batches))
    told = Counter((one["id"], one["replayed"]) for answer in answers for one in answer["results"])
    assert all(told[each["id"], False] == 1 and told[each["id"], True] == 15 for each in shared)
    assert (await sandbox.get("/v1/accounts/player:p"))["posted"] == 1_000 - 160


@pytest.mark.parametrize("lost", [0, 1, 2, 3])
@pytest.mark.asyncio
async def test_a_batch_of_256_with_all_that_can_be_wrong_with_it(sandbox: Sandbox, lost: int) -> None:
    """A duplicate, the same id with another body, one too dear, one that nobody can read, a lost answer.

    Every item has its own outcome, everything that is applied is applied once, and the calls that it takes to
    find the unreadable one are bounded by the halving.
    """
    await sandbox.fund("player:p", 10_000)
    plays = [payment(f"play{number}") for number in range(BATCH - 4)]
    readable = [plays[0], *plays, payment("play9", amount=11), payment("dear", 100_000)]
    batch = [*((each["id"], msgspec.json.encode(each)) for each in readable), ("unreadable", b'{"id":')]
    await sandbox.fail(*["none"] * lost, "drop_answer")
    wire = Wire(sandbox.url)
    async with LedgerClient(wire, Options(), hooks=Hooks(), random=lambda: 0.0) as client:
        outcomes = await apply_all(client, batch)
    assert len(batch) == wire.sizes[0] == BATCH
    assert [type(outcome) for outcome in outcomes] == [
        *[Applied] * (len(plays) + 1),
        IdempotencyMismatch,
        Rejected,
        InvalidOperation,
    ]
    assert len(wire.sizes) <= CALLS_MAX
    applied = await entries_by_operation(sandbox)
    assert {name: count for name, count in applied.items() if name.startswith("play")} == {
        each["id"]: 1 for each in plays
    }
    assert {"unreadable", "dear"}.isdisjoint(applied)
