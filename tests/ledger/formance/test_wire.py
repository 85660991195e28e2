"""The adapter and the network: pages, tokens, ledgers that are away or elsewhere, and how it ends."""

import asyncio

import pytest

from ledger_client import (
    Applied,
    BadCredentials,
    InvalidOperation,
    Options,
    Unknown,
    UnknownReason,
)
from ledger_client.adapters import FormanceLedger
from ledger_client.adapters.formance_wire import address
from ledger_client.operations import ISSUER
from tests.ledger.formance.imitation import FormanceImitation, Mishap, adapter
from tests.ledger.formance.paying import ANN, FUNDS, PAY, SHOP, fund, operation, send


@pytest.mark.asyncio
async def test_lookups_page(ledger: FormanceLedger) -> None:
    """More ids than a page of the ledger has."""
    names = [f"fund{number}" for number in range(120)]
    await asyncio.gather(*(fund(ledger, 1, name=name) for name in names))
    found = await ledger.lookup([*names, "unseen"])
    assert {name for name, outcome in found.outcomes.items() if isinstance(outcome, Applied)} == set(names)
    assert found.outcomes["unseen"] is None


@pytest.mark.asyncio
async def test_a_wrong_token_is_told(there: FormanceImitation) -> None:
    """As a bug, before anything is done."""
    stranger = adapter(there, token="wrong")
    with pytest.raises(BadCredentials):
        await send(stranger, PAY)
    await stranger.close()


@pytest.mark.asyncio
async def test_a_ledger_that_does_not_exist_is_told(there: FormanceImitation) -> None:
    """Not taken for one that is empty."""
    there.url += "-elsewhere"
    lost = adapter(there)
    for question in (send(lost, PAY), lost.account(ANN)):
        with pytest.raises(InvalidOperation, match="LEDGER_NOT_FOUND"):
            await question
    await lost.close()


@pytest.mark.asyncio
async def test_a_ledger_that_is_away_is_doubt_until_the_breaker_opens(there: FormanceImitation) -> None:
    """Then nothing is sent any more, and the outcome says so."""
    away = adapter(there)
    there.mishaps.extend([Mishap.LOSE_REQUEST] * 5)
    first, second = await send(away, PAY), await send(away, PAY)
    assert first == Unknown(PAY.id, UnknownReason.CONNECTION)
    assert isinstance(second, Unknown)
    assert second.sent
    assert not away.available()
    assert await send(away, PAY) == Unknown(PAY.id, UnknownReason.CIRCUIT_OPEN)
    await away.close()


@pytest.mark.asyncio
async def test_closing_waits_for_what_is_in_flight(there: FormanceImitation) -> None:
    """And takes nothing new."""
    ending = adapter(there, Options(call_seconds=30.0))
    there.inputs["player:ann"] = 50
    there.gate.clear()
    debit = asyncio.create_task(send(ending, PAY))
    await there.arrived.wait()
    closing = asyncio.create_task(ending.close())
    await asyncio.sleep(0)  # one turn, in which the closing begins
    assert await send(ending, operation("new", (ANN, SHOP, 1))) == Unknown("new", UnknownReason.CLOSED)
    there.gate.set()
    assert isinstance(await debit, Applied)
    await closing


@pytest.mark.asyncio
async def test_a_deadline_ends_the_wait(there: FormanceImitation) -> None:
    """In flight it may have been applied; behind another of the same player it was not sent."""
    slow = adapter(there, Options(call_seconds=30.0))
    there.gate.clear()
    first = asyncio.create_task(send(slow, PAY, seconds=0.3))
    await there.arrived.wait()
    behind = await send(slow, operation("behind", (ANN, SHOP, 1)), seconds=0.05)
    assert behind == Unknown("behind", UnknownReason.DEADLINE_UNSENT)
    assert await first == Unknown(PAY.id, UnknownReason.DEADLINE)
    await slow.close()


@pytest.mark.asyncio
async def test_the_breaker_holds_back_who_waits(there: FormanceImitation) -> None:
    """An operation whose turn comes after it has opened was not sent, and says so."""
    away = adapter(there, Options(call_seconds=30.0, breaker_failures=1))
    there.mishaps.append(Mishap.LOSE_REQUEST)
    there.gate.clear()
    first = asyncio.create_task(send(away, PAY))
    await there.arrived.wait()
    behind = asyncio.create_task(send(away, operation("behind", (ANN, SHOP, 1))))
    there.gate.set()
    assert await first == Unknown(PAY.id, UnknownReason.CONNECTION)
    assert await behind == Unknown("behind", UnknownReason.CIRCUIT_OPEN)
    assert there.transactions == []
    await away.close()


@pytest.mark.asyncio
async def test_an_answer_about_another_transaction_is_none(
    ledger: FormanceLedger, there: FormanceImitation
) -> None:
    """It is asked again, and the ledger shows what was created."""
    commit = there.commit
    there.commit = lambda body: commit(body) | {"reference": "another"}  # type: ignore[method-assign]
    there.inputs["player:ann"] = 50
    assert await send(ledger, PAY) == Applied(PAY.id, seq=1, replayed=True, balances={ANN: 30})


def test_addresses_are_never_confused() -> None:
    """Names that differ only in what an address cannot hold have addresses that differ."""
    names = ["a", "a.b", "a-b", "a~b", "a_b", "a_db", "a__b", "a_hb", "a_tb", "a._b"]
    addresses = [address(f"player:{name}") for name in names]
    assert len(set(addresses)) == len(names)
    assert all(found.removeprefix("player:").isidentifier() for found in addresses)
    assert address(ISSUER) == "world"
    assert address(FUNDS) == FUNDS
