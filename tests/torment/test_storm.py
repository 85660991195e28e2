"""The faults of the storm do what they are called, and none is left once it is calm."""

import asyncio
from collections.abc import AsyncIterator
from random import Random

import aiohttp
import msgspec
import pytest
import pytest_asyncio

from game.embedded.ports import free_port
from tests.ledger.serving import TOKEN, Sandbox, operation, serving, transfer
from tests.torment.storm import Storm
from tests.torment.weather import UNTOLD, Fault, Weather, next_weather

# Shorter than any delay, for those who are not to be answered; and for those who are.
IMPATIENT_SECONDS, PATIENT_SECONDS = 0.8, 30.0
SEEDS = 200
# What the caller hears, and whether the ledger applies the operation: at once, or when all is calm.
FAULTS = {
    Fault.NONE: (200, True),
    Fault.REQUEST_LOST: (None, False),
    Fault.REQUEST_LATE: (None, True),
    Fault.ANSWER_LOST: (None, True),
    Fault.ANSWER_CUT: (None, True),
    Fault.ANSWER_SLOW: (None, True),
    Fault.SENT_TWICE: (200, True),
    Fault.FAILED_BEFORE: (500, False),
    Fault.FAILED_AFTER: (500, True),
    Fault.UNAVAILABLE: (503, False),
    Fault.THROTTLED: (429, False),
    Fault.SILENCE: (None, False),
}


class Slow(Random):
    """Chooses the longest delays there are."""

    def uniform(self, a: float, b: float) -> float:
        """The longest one."""
        return max(a, b)


@pytest_asyncio.fixture
async def sandbox(empty_database_url: str) -> AsyncIterator[Sandbox]:
    """The ledger itself."""
    async with serving(empty_database_url) as found:
        yield found


@pytest_asyncio.fixture
async def storm(sandbox: Sandbox) -> AsyncIterator[Storm]:
    """A storm before the ledger, still calm."""
    ledger_port = int(sandbox.url.rpartition(":")[2])
    made = Storm(port=free_port(), ledger_port=ledger_port, random=Slow(1))
    await made.open()
    yield made
    await made.calm_down()
    await made.close()


@pytest.mark.asyncio
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.lower())
async def test_a_fault_does_what_it_is_called(storm: Storm, sandbox: Sandbox, fault: Fault) -> None:
    """The caller hears no more than it says, and the ledger applies the operation once or never."""
    status, is_applied = FAULTS[fault]
    storm.set_weather(Weather({fault: 1.0}))
    seconds = IMPATIENT_SECONDS if status is None else PATIENT_SECONDS
    assert await _sent(storm.url, seconds=seconds) == status
    assert storm.calls == {fault: 1}
    assert storm.unknown == (fault in UNTOLD)
    await storm.calm_down()
    assert storm.repeated == (fault is Fault.SENT_TWICE)
    assert await _entries(sandbox) == is_applied


@pytest.mark.asyncio
async def test_calls_pass_once_it_is_calm(storm: Storm, sandbox: Sandbox) -> None:
    """Whatever the weather was, the same request is answered then, and applied once."""
    storm.set_weather(Weather({Fault.ANSWER_LOST: 1.0}))
    assert await _sent(storm.url, seconds=IMPATIENT_SECONDS) is None
    await storm.calm_down()
    assert await _sent(storm.url, seconds=PATIENT_SECONDS) == 200
    assert await _entries(sandbox) == 1


def test_every_fault_comes_up() -> None:
    """In the weathers of a few seeds there is every fault, and there is calm between them."""
    seen = {next_weather(Random(seed)).befalls(point / 20) for seed in range(SEEDS) for point in range(20)}
    assert seen == set(Fault)


async def _sent(url: str, *, seconds: float) -> int | None:
    """The status of one batch with one operation; None without a whole answer in time."""
    body = msgspec.json.encode({"operations": [operation("op-1", transfer("issuer", "player:a", 5))]})
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    try:
        async with asyncio.timeout(seconds):
            async with aiohttp.request(
                "POST", f"{url}/v1/operations:batch", data=body, headers=headers
            ) as answer:
                await answer.read()
                return answer.status
    except (aiohttp.ClientError, TimeoutError):
        return None


async def _entries(sandbox: Sandbox) -> int:
    return len((await sandbox.get("/v1/entries?after_seq=0"))["entries"])
