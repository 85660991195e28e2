"""What went wrong elsewhere: each is a way in which points were lost or doubled in other systems.

Through the client, over HTTP, on the sandbox, with the fault planted. The refusal that did not stick, the
floor on the net, the cancel without a tombstone and the lookup without a deadline are checks of the contract
(`ledger_client.testing`); here is what they prove it with, and the rest.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from ledger_client import (
    Applied,
    Expired,
    Fenced,
    Lane,
    LedgerClient,
    Leg,
    Operation,
    Options,
    Outcome,
    Rejected,
    Unknown,
    encode,
)
from tests.ledger.serving import START_MS, TOKEN, Sandbox

PRICE = Leg("player:p", "house:c", 10, "price")


@pytest_asyncio.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[LedgerClient]:
    """A client that does not wait between attempts; its player has 100 points."""
    await sandbox.fund("player:p", 100)
    options = Options(throttled_backoff_seconds=0.0)
    async with LedgerClient.open(sandbox.url, TOKEN, options, random=lambda: 0.0) as client:
        yield client


async def pay(client: LedgerClient, operation_id: str, *, lifetime_ms: int = 60_000) -> Outcome:
    """Send a payment of 10."""
    body = encode(Operation(operation_id, START_MS + lifetime_ms, (PRICE,), ""))
    deadline = asyncio.get_running_loop().time() + 10
    return await client.apply(
        operation_id=operation_id, body=body, lane=Lane.PLAY, subject="player:p", deadline=deadline
    )


async def points(client: LedgerClient) -> int:
    """What the player has."""
    return (await client.account("player:p")).posted


AFTER = ("drop_answer", "error_after", "truncate", "wrong_id")
BEFORE = ("drop_request", "error_before")


@pytest.mark.parametrize("fault", [*BEFORE, *AFTER, "latency"])
@pytest.mark.asyncio
async def test_new_key_per_attempt(client: LedgerClient, sandbox: Sandbox, fault: str) -> None:
    """Double charge: here every attempt has the same id, so one is charged however many are made."""
    await sandbox.fail(fault, fault)
    outcome = await pay(client, "play")
    assert isinstance(outcome, Applied)
    assert outcome.balances == {"player:p": 90}
    assert await points(client) == 90


@pytest.mark.parametrize("fault", AFTER)
@pytest.mark.asyncio
async def test_timeout_taken_for_failure(client: LedgerClient, sandbox: Sandbox, fault: str) -> None:
    """Charged after being told "failed": here it is told that nobody knows, and the ledger knows."""
    await sandbox.fail(*[fault] * 3)
    assert isinstance(await pay(client, "play"), Unknown)
    found = await client.lookup(["play"])
    assert isinstance(found.outcomes["play"], Applied)
    assert await points(client) == 90


@pytest.mark.parametrize(
    ("fault", "kind", "left"), [("drop_request", Fenced, 100), ("drop_answer", Applied, 90)]
)
@pytest.mark.asyncio
async def test_blind_refund_on_timeout(
    client: LedgerClient, sandbox: Sandbox, fault: str, kind: type[Outcome], left: int
) -> None:
    """Free points: here a fence tells whether it was charged, so that nothing needs a refund."""
    await sandbox.fail(*[fault] * 3)
    assert isinstance(await pay(client, "play"), Unknown)
    assert isinstance(await client.fence("play"), kind)
    assert isinstance(await pay(client, "play"), kind)
    assert await points(client) == left


@pytest.mark.asyncio
async def test_cancel_without_a_tombstone(client: LedgerClient, sandbox: Sandbox) -> None:
    """The late debit applies: here the request that was under way all along finds the tombstone."""
    await sandbox.post("/v1/operations/late:fence", b"")
    assert await pay(client, "late") == Fenced("late", replayed=True)
    assert await points(client) == 100


@pytest.mark.asyncio
async def test_not_found_taken_for_never(client: LedgerClient, sandbox: Sandbox) -> None:
    """Charged after cancel: here "not found" is final only once `as_of` is past `apply_before`."""
    early = await client.lookup(["play"])
    assert early.outcomes == {"play": None}
    assert early.as_of_ms < START_MS + 5
    sandbox.clock.now_ms += 5
    late = await client.lookup(["play"])
    assert late.as_of_ms == START_MS + 5
    assert await pay(client, "play", lifetime_ms=5) == Expired("play", replayed=False)
    assert await points(client) == 100


@pytest.mark.asyncio
async def test_a_clock_that_went_back(client: LedgerClient, sandbox: Sandbox) -> None:
    """What a lookup said of a time stays true when a clock, or another process's, is behind it."""
    sandbox.clock.now_ms += 5
    assert (await client.lookup(["play"])).as_of_ms == START_MS + 5
    sandbox.clock.now_ms -= 600_000
    assert await pay(client, "play", lifetime_ms=5) == Expired("play", replayed=False)
    assert (await client.lookup(["other"])).as_of_ms == START_MS + 5


@pytest.mark.asyncio
async def test_refusal_not_sticky(client: LedgerClient, sandbox: Sandbox) -> None:
    """Charged after a top-up: here the answer that was lost was a refusal, and it stays one."""
    for number in range(10):
        await pay(client, f"spend{number}")
    await sandbox.fail(*["drop_answer"] * 3)
    assert isinstance(await pay(client, "play"), Unknown)
    await sandbox.fund("player:p", 50)
    late = await pay(client, "play")
    assert isinstance(late, Rejected)
    assert (late.available, late.needed, late.replayed) == (0, 10, True)
    assert await points(client) == 50
