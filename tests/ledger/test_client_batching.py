"""The client collects while calls are in flight: lanes, subjects, slots, limits."""

import asyncio

import pytest

from ledger_client import Applied, Lane, Options, Unknown, UnknownReason
from tests.ledger.scripted import ScriptedLedger, apply, at_once

WAITS = {"far": 60.0, "soon": 0.05, "later": 0.1}


@pytest.mark.asyncio
async def test_an_idle_client_sends_at_once(scripted_ledger: ScriptedLedger) -> None:
    """One operation does not wait for others."""
    async with at_once(scripted_ledger) as client:
        await apply(client, "a")
        await apply(client, "b")
    assert [sent.ids for sent in scripted_ledger.calls] == [["a"], ["b"]]


@pytest.mark.asyncio
async def test_what_arrives_meanwhile_leaves_together(scripted_ledger: ScriptedLedger) -> None:
    """While all slots are taken, operations collect; at most 64 leave in one call."""
    scripted_ledger.gate.clear()
    async with at_once(scripted_ledger, Options(calls_in_flight=2)) as client:
        first = [asyncio.create_task(apply(client, "a"))]
        await scripted_ledger.arrived(1)
        first.append(asyncio.create_task(apply(client, "b")))
        await scripted_ledger.arrived(2)
        rest = [asyncio.create_task(apply(client, f"c{number}")) for number in range(70)]
        await asyncio.sleep(0)
        scripted_ledger.gate.set()
        outcomes = await asyncio.gather(*first, *rest)
    assert all(isinstance(outcome, Applied) for outcome in outcomes)
    assert [len(sent.ids) for sent in scripted_ledger.calls] == [1, 1, 64, 6]
    assert scripted_ledger.most_in_flight == 2


@pytest.mark.asyncio
async def test_bulk_leaves_in_larger_calls(scripted_ledger: ScriptedLedger) -> None:
    """Credits go up to 256 at a time."""
    async with at_once(scripted_ledger) as client:
        await asyncio.gather(*(apply(client, f"c{number}", lane=Lane.BULK) for number in range(300)))
    assert [len(sent.ids) for sent in scripted_ledger.calls] == [256, 44]


@pytest.mark.asyncio
async def test_plays_overtake_bulk(scripted_ledger: ScriptedLedger) -> None:
    """Plays that wait leave before bulk that waited longer."""
    scripted_ledger.gate.clear()
    async with at_once(scripted_ledger, Options(calls_in_flight=2)) as client:
        tasks = [asyncio.create_task(apply(client, "bulk1", lane=Lane.BULK))]
        await scripted_ledger.arrived(1)
        tasks.append(asyncio.create_task(apply(client, "play1")))
        await scripted_ledger.arrived(2)
        tasks.append(asyncio.create_task(apply(client, "bulk2", lane=Lane.BULK)))
        await asyncio.sleep(0)
        tasks.append(asyncio.create_task(apply(client, "play2")))
        await asyncio.sleep(0)
        scripted_ledger.gate.set()
        await asyncio.gather(*tasks)
    assert [sent.ids for sent in scripted_ledger.calls] == [["bulk1"], ["play1"], ["play2"], ["bulk2"]]


@pytest.mark.asyncio
async def test_bulk_leaves_a_slot_for_plays(scripted_ledger: ScriptedLedger) -> None:
    """However much bulk waits, a play finds a free slot."""
    scripted_ledger.gate.clear()
    async with at_once(scripted_ledger, Options(calls_in_flight=2)) as client:
        tasks = [asyncio.create_task(apply(client, f"bulk{number}", lane=Lane.BULK)) for number in range(600)]
        await scripted_ledger.arrived(1)
        tasks.append(asyncio.create_task(apply(client, "play")))
        await scripted_ledger.arrived(2)
        assert scripted_ledger.calls[1].ids == ["play"]
        scripted_ledger.gate.set()
        await asyncio.gather(*tasks)
    assert [len(sent.ids) for sent in scripted_ledger.calls] == [256, 1, 256, 88]


@pytest.mark.asyncio
async def test_a_subject_is_in_one_call_at_a_time(scripted_ledger: ScriptedLedger) -> None:
    """A player's second operation waits for the first; other players do not."""
    scripted_ledger.gate.clear()
    async with at_once(scripted_ledger) as client:
        tasks = [asyncio.create_task(apply(client, "a1", subject="player:a"))]
        await scripted_ledger.arrived(1)
        tasks += [asyncio.create_task(apply(client, name, subject="player:a")) for name in ("a2", "a3")]
        tasks.append(asyncio.create_task(apply(client, "b", subject="player:b")))
        await scripted_ledger.arrived(2)
        scripted_ledger.gate.set()
        await asyncio.gather(*tasks)
    assert [sent.ids for sent in scripted_ledger.calls] == [["a1"], ["b"], ["a2", "a3"]]


@pytest.mark.asyncio
async def test_what_nobody_waits_for_is_not_sent(scripted_ledger: ScriptedLedger) -> None:
    """An operation whose deadline passed in the queue was not sent, and the outcome says so."""
    scripted_ledger.gate.clear()
    async with at_once(scripted_ledger) as client:
        first = asyncio.create_task(apply(client, "a1", subject="player:a"))
        await scripted_ledger.arrived(1)
        second = await apply(client, "a2", subject="player:a", seconds=0.01)
        scripted_ledger.gate.set()
        await first
        await apply(client, "a3", subject="player:a")
    assert second == Unknown("a2", UnknownReason.DEADLINE_UNSENT)
    assert isinstance(second, Unknown)
    assert not second.sent
    assert [sent.ids for sent in scripted_ledger.calls] == [["a1"], ["a3"]]


@pytest.mark.asyncio
async def test_what_comes_too_late_is_not_sent(scripted_ledger: ScriptedLedger) -> None:
    """Not even when a slot is free."""
    async with at_once(scripted_ledger) as client:
        assert await apply(client, "a", seconds=0.0) == Unknown("a", UnknownReason.DEADLINE_UNSENT)
    assert scripted_ledger.calls == []


@pytest.mark.asyncio
async def test_a_deadline_in_flight_is_in_doubt(scripted_ledger: ScriptedLedger) -> None:
    """An operation that was sent may have been applied, whatever the caller's hurry."""
    scripted_ledger.gate.clear()
    async with at_once(scripted_ledger) as client:
        outcome = await apply(client, "a", seconds=0.05)
        assert outcome == Unknown("a", UnknownReason.DEADLINE)
        assert isinstance(outcome, Unknown)
        assert outcome.sent
        scripted_ledger.gate.set()


@pytest.mark.asyncio
async def test_each_deadline_is_kept(scripted_ledger: ScriptedLedger) -> None:
    """In their order, whichever came first; the one that lies furthest off still hears its outcome."""
    scripted_ledger.gate.clear()
    ended: list[str] = []
    async with at_once(scripted_ledger) as client:
        waits = {name: apply(client, name, seconds=seconds) for name, seconds in WAITS.items()}
        tasks = [asyncio.create_task(waits[name], name=name) for name in WAITS]
        for task in tasks:
            task.add_done_callback(lambda done: ended.append(done.get_name()))
        await asyncio.wait({tasks[2]})
        scripted_ledger.gate.set()
        outcomes = await asyncio.gather(*tasks)
    assert ended == ["soon", "later", "far"]
    reasons = [getattr(outcome, "reason", None) for outcome in outcomes]
    assert reasons == [None, UnknownReason.DEADLINE, UnknownReason.DEADLINE]


@pytest.mark.asyncio
async def test_a_full_queue_refuses_unsent(scripted_ledger: ScriptedLedger) -> None:
    """Whoever asks first is told that a play would not be sent."""
    scripted_ledger.gate.clear()
    async with at_once(scripted_ledger, Options(queue_max=2)) as client:
        tasks = [asyncio.create_task(apply(client, "a0", subject="player:a"))]
        await scripted_ledger.arrived(1)
        assert client.available()
        tasks += [asyncio.create_task(apply(client, name, subject="player:a")) for name in ("a1", "a2")]
        await asyncio.sleep(0)
        assert not client.available()
        assert await apply(client, "b") == Unknown("b", UnknownReason.QUEUE_FULL)
        scripted_ledger.gate.set()
        await asyncio.gather(*tasks)
    assert [sent.ids for sent in scripted_ledger.calls] == [["a0"], ["a1", "a2"]]


@pytest.mark.asyncio
async def test_closing_finishes_what_is_in_flight(scripted_ledger: ScriptedLedger) -> None:
    """A call under way is answered; what waits was not sent."""
    scripted_ledger.gate.clear()
    client = at_once(scripted_ledger)
    first = asyncio.create_task(apply(client, "a1", subject="player:a"))
    await scripted_ledger.arrived(1)
    second = asyncio.create_task(apply(client, "a2", subject="player:a"))
    await asyncio.sleep(0)
    closing = asyncio.create_task(client.close())
    assert await second == Unknown("a2", UnknownReason.CLOSED)
    scripted_ledger.gate.set()
    assert isinstance(await first, Applied)
    await closing
    assert await apply(client, "a3") == Unknown("a3", UnknownReason.CLOSED)
    assert not client.available()
