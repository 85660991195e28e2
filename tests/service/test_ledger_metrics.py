"""What the service counts of its calls to the ledger."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from game import telemetry
from game.ledger.hooks import Measured
from ledger_client import BadCredentials, LedgerClient, Options
from tests.ledger.scripted import ScriptedLedger, apply, failing_on, page, scripted, status

BATCH = 'route="/v1/operations:batch"'


@pytest_asyncio.fixture
async def scripted_ledger() -> AsyncIterator[ScriptedLedger]:
    """A ledger that answers as the test says."""
    async with scripted() as found:
        yield found


def measured(ledger: ScriptedLedger, **options: float) -> LedgerClient:
    """The client as the service has it, without pauses between attempts."""
    return LedgerClient.open(
        ledger.url, "token", Options(**options), hooks=Measured(), random=lambda: 0.0  # type: ignore[arg-type]
    )  # fmt: skip


def values() -> dict[str, float]:
    """What the metrics of the ledger say, by their names and labels."""
    text = telemetry.metrics().decode()
    found = re.findall(r"^playfair_ledger_(\S+) (\S+)$", text, re.MULTILINE)
    return {name: float(value) for name, value in found if "_created" not in name}


@pytest.mark.asyncio
async def test_calls_retries_and_outcomes_are_counted(scripted_ledger: ScriptedLedger) -> None:
    """By route and result, by lane and outcome; afterwards nothing waits any more."""
    before = values()
    scripted_ledger.script.append(status(500))
    scripted_ledger.questions.append(page({"outcome": "fenced", "id": "x", "replayed": False}))
    async with measured(scripted_ledger) as client:
        await asyncio.gather(*(apply(client, id_) for id_ in "abc"))
        await client.fence("x")
    grown = {name: value - before.get(name, 0.0) for name, value in values().items()}
    assert grown[f'calls_total{{result="500",{BATCH}}}'] == 1
    assert grown[f'calls_total{{result="200",{BATCH}}}'] == 1
    assert grown[f"retries_total{{{BATCH}}}"] == 1
    assert grown[f"call_items_sum{{{BATCH}}}"] == 6
    assert grown[f"call_seconds_count{{{BATCH}}}"] == 2
    assert grown['operations_total{lane="play",outcome="applied",reason=""}'] == 3
    assert grown['operations_total{lane="fence",outcome="fenced",reason=""}'] == 1
    assert grown['operation_seconds_count{lane="play"}'] == 3
    assert values()['waiting{lane="play"}'] == 0


@pytest.mark.asyncio
async def test_the_breaker_and_its_refusals_are_shown(scripted_ledger: ScriptedLedger) -> None:
    """A gauge says that this process does not call; why an outcome is unknown is told apart."""
    before = values()
    scripted_ledger.rule = status(500)
    async with measured(scripted_ledger, breaker_failures=1, breaker_open_seconds=0.0) as client:
        await apply(client, "a")
        assert values()["breakers_open"] == 1
        scripted_ledger.rule = failing_on("nothing")
        await apply(client, "b")
        assert values()["breakers_open"] == 0
    name = 'operations_total{lane="play",outcome="unknown",reason="server_error"}'
    assert values()[name] - before.get(name, 0.0) == 1


@pytest.mark.asyncio
async def test_who_waits_is_shown(scripted_ledger: ScriptedLedger) -> None:
    """Queued or in flight: until the ledger answers."""
    scripted_ledger.gate.clear()
    async with measured(scripted_ledger) as client:
        waits = [asyncio.create_task(apply(client, id_, subject="player:p")) for id_ in "ab"]
        await scripted_ledger.arrived(1)
        assert values()['waiting{lane="play"}'] == 2
        scripted_ledger.gate.set()
        await asyncio.gather(*waits)
    assert values()['waiting{lane="play"}'] == 0


@pytest.mark.asyncio
async def test_splits_are_counted(scripted_ledger: ScriptedLedger) -> None:
    """A batch with an operation at fault."""
    before = values()
    scripted_ledger.rule = failing_on("b")
    async with measured(scripted_ledger, breaker_failures=100) as client:
        await asyncio.gather(*(apply(client, id_) for id_ in "ab"))
    assert values()["splits_total"] - before["splits_total"] == 1


@pytest.mark.asyncio
async def test_a_wait_that_came_to_nothing_is_counted(scripted_ledger: ScriptedLedger) -> None:
    """A bug that the ledger finds, or a caller who went away."""
    before = values()
    scripted_ledger.rule = status(401)
    async with measured(scripted_ledger) as client:
        with pytest.raises(BadCredentials):
            await apply(client, "a")
    name = 'operations_total{lane="play",outcome="none",reason=""}'
    assert values()[name] - before.get(name, 0.0) == 1
    assert values()['waiting{lane="play"}'] == 0
