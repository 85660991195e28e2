"""Every fault switch, through the real client: what it is told, and what the ledger's books say."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest
import pytest_asyncio

from ledger_client import Applied, Lane, LedgerClient, Leg, Operation, Options, Outcome, Unknown, encode
from ledger_client.options import ATTEMPTS_MAX
from ledger_client.outcomes import UnknownReason
from sandbox_ledger.faults import Fault, FaultKind, Script
from tests.ledger.serving import START_MS, TOKEN, Sandbox

PRICE = Leg("player:p", "house:c", 10, "price")
PAYMENT = encode(Operation("play", START_MS + 60_000, (PRICE,), ""))
# The answer is under way for longer than the client waits, and its first pieces are not.
CALL_SECONDS = 1.0
PIECE_MS = 250

BEFORE = {
    FaultKind.REFUSE: UnknownReason.THROTTLED,
    FaultKind.THROTTLE: UnknownReason.THROTTLED,
    FaultKind.DROP_REQUEST: UnknownReason.CONNECTION,
    FaultKind.ERROR_BEFORE: UnknownReason.SERVER_ERROR,
}
AFTER = {
    FaultKind.DROP_ANSWER: UnknownReason.CONNECTION,
    FaultKind.ERROR_AFTER: UnknownReason.SERVER_ERROR,
    FaultKind.TRUNCATE: UnknownReason.BROKEN_ANSWER,
    FaultKind.GARBLE: UnknownReason.BROKEN_ANSWER,
    FaultKind.WRONG_ID: UnknownReason.BROKEN_ANSWER,
    FaultKind.TRICKLE: UnknownReason.TIMEOUT,
}


@pytest_asyncio.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[LedgerClient]:
    """A client that does not wait between attempts, nor for long; its player has 100 points."""
    await sandbox.fund("player:p", 100)
    options = Options(throttled_backoff_seconds=0.0, call_seconds=CALL_SECONDS)
    async with LedgerClient.open(sandbox.url, TOKEN, options, random=lambda: 0.0) as client:
        yield client


async def plant(sandbox: Sandbox, kind: FaultKind, *, times: int, latency_ms: int = 0) -> None:
    """Let the next writes fail in one way."""
    latency_ms = PIECE_MS if kind is FaultKind.TRICKLE else latency_ms
    script = msgspec.json.encode(Script([Fault(kind, latency_ms)] * times))
    async with sandbox.http.put("/v1/faults", data=script) as response:
        assert response.status == 204


async def pay(client: LedgerClient) -> Outcome:
    """Send the payment."""
    return await client.apply(
        operation_id="play",
        body=PAYMENT,
        lane=Lane.PLAY,
        subject="player:p",
        deadline=asyncio.get_running_loop().time() + 30,
    )


async def charged(sandbox: Sandbox) -> list[int]:
    """What the books say of the payment."""
    entries = (await sandbox.get("/v1/entries"))["entries"]
    return [entry["amount"] for entry in entries if entry["operation_id"] == "play"]


def test_no_switch_is_left_out() -> None:
    """What is tried below is all that there is."""
    assert {*BEFORE, *AFTER, FaultKind.NONE, FaultKind.LATENCY} == set(FaultKind)


@pytest.mark.parametrize("kind", [*BEFORE, *AFTER])
@pytest.mark.asyncio
async def test_struck_once(client: LedgerClient, sandbox: Sandbox, kind: FaultKind) -> None:
    """The next attempt is told the truth: applied, and whether it had been so already; charged once."""
    await plant(sandbox, kind, times=1)
    outcome = await pay(client)
    assert isinstance(outcome, Applied)
    assert (outcome.replayed, outcome.balances) == (kind in AFTER, {"player:p": 90})
    assert await charged(sandbox) == [10]


@pytest.mark.parametrize("kind", [*BEFORE, *AFTER])
@pytest.mark.asyncio
async def test_struck_at_every_attempt(client: LedgerClient, sandbox: Sandbox, kind: FaultKind) -> None:
    """Unknown and why, never "applied" and never "failed"; the books have it or not, and only once."""
    await plant(sandbox, kind, times=ATTEMPTS_MAX)
    outcome = await pay(client)
    assert isinstance(outcome, Unknown)
    assert outcome.reason is (BEFORE | AFTER)[kind]
    assert await charged(sandbox) == ([10] if kind in AFTER else [])
    late = await sandbox.post("/v1/operations", PAYMENT)
    assert (late["outcome"], late["replayed"]) == ("applied", kind in AFTER)
    assert await charged(sandbox) == [10]


@pytest.mark.asyncio
async def test_a_late_answer(client: LedgerClient, sandbox: Sandbox) -> None:
    """What comes after the client's patience is charged once all the same, and is found out."""
    await plant(sandbox, FaultKind.LATENCY, times=1, latency_ms=int(CALL_SECONDS * 2_000))
    outcome = await pay(client)
    assert isinstance(outcome, Applied)
    assert await charged(sandbox) == [10]


@pytest.mark.asyncio
async def test_what_is_on_the_wire(sandbox: Sandbox) -> None:
    """A garbled body is all there and no JSON; a trickling one comes in pieces, and is right in the end."""
    bodies: dict[FaultKind, bytes] = {}
    for kind in (FaultKind.NONE, FaultKind.GARBLE, FaultKind.TRICKLE):
        await plant(sandbox, kind, times=1)
        async with sandbox.http.post("/v1/operations:lookup", data=b'{"ids":["play"]}') as response:
            bodies[kind] = b"".join([piece async for piece in response.content.iter_any()])
            assert response.status == 200
    assert bodies[FaultKind.TRICKLE] == bodies[FaultKind.NONE]
    assert len(bodies[FaultKind.GARBLE]) == len(bodies[FaultKind.NONE])
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(bodies[FaultKind.GARBLE])


@pytest.mark.asyncio
async def test_when_to_come_back(sandbox: Sandbox) -> None:
    """A 429 says it, in seconds, and that nothing was executed."""
    await plant(sandbox, FaultKind.THROTTLE, times=1)
    async with sandbox.http.post("/v1/operations", data=b"{}") as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "1")
        assert response.headers["Ledger-Executed"] == "no"
