"""Events are claimed in order, by one at a time for each player, until they are done or dead letters."""

import asyncio
import random
from typing import Any

import pytest

from game.resources import Resources
from game.webhooks import service
from game.webhooks.rules import ATTEMPTS_MAX, DAY_MS, DEAD_RETENTION_MS, RETENTION_MS
from game.webhooks.store import Event
from tests.support.service import ManualClock
from tests.webhooks.processing import claimed, fail, occurrences, process_all, states, worker
from tests.webhooks.senders import Office, Sender

pytestmark = pytest.mark.asyncio


async def test_one_of_each_player(sender: Sender, resources: Resources) -> None:
    """A claim has an event of as many players as it asks for, with all that it says."""
    for number in range(3):
        await sender.sent(subject="ann", occurrence=f"a{number}", sequence=number)
        await sender.sent(subject="bob", occurrence=f"b{number}", sequence=number)
    async with worker(resources) as conn:
        assert sorted(occurrences(await claimed(conn, resources))) == ["a0", "b0"]
    async with worker(resources) as conn:
        [event] = await claimed(conn, resources, limit=1)
    assert (event.brand_id, event.source, event.type) == ("acme", "shop", "review.created")
    assert event.attributes == {"item": "tea-01", "rating": 4}
    assert (event.occurred_ms, event.attempts, event.reverses) == (resources.clock(), 0, None)


async def test_what_is_done_is_not_claimed_again(sender: Sender, resources: Resources) -> None:
    """The next claim has the player's next event, the last one nothing."""
    for number in range(5):
        await sender.sent(occurrence=str(number), sequence=number)
    assert occurrences(await process_all(resources)) == ["0", "1", "2", "3", "4"]
    assert set((await states(resources)).values()) == {"processed"}


async def test_the_order_of_a_player(sender: Sender, resources: Resources, clock: ManualClock) -> None:
    """By sequence; what has none comes after those that have, by when it happened, then as it came."""
    now = clock()
    await sender.sent(occurrence="late", happened_ms=now)
    await sender.sent(occurrence="early", happened_ms=now - 2)
    await sender.sent(occurrence="middle", happened_ms=now - 1)
    await sender.sent(occurrence="third", sequence=3, happened_ms=now - 9)
    await sender.sent(occurrence="second", sequence=2, happened_ms=now)
    await sender.sent(occurrence="first", sequence=1, happened_ms=now)
    order = ["first", "second", "third", "early", "middle", "late"]
    assert occurrences(await process_all(resources)) == order


async def test_a_late_event_comes_when_it_comes(sender: Sender, resources: Resources) -> None:
    """Nobody waits for a gap in the sequence: what was missing is processed after what has overtaken it."""
    await sender.sent(occurrence="2", sequence=2)
    assert occurrences(await process_all(resources)) == ["2"]
    await sender.sent(occurrence="1", sequence=1)
    assert occurrences(await process_all(resources)) == ["1"]


async def test_two_workers_never_share_a_player(sender: Sender, resources: Resources) -> None:
    """While one works on an event of a player, others get events of other players only."""
    for subject in ("ann", "bob", "cat"):
        for number in range(2):
            await sender.sent(subject=subject, occurrence=f"{subject}{number}")
    async with worker(resources) as one:
        first = await claimed(one, resources, limit=2)
        async with worker(resources) as other:
            second = await claimed(other, resources)
            assert not {event.player_id for event in first} & {event.player_id for event in second}
            await service.done(other, second)
        await service.done(one, first)
    assert len(await process_all(resources)) == 6 - len(first) - len(second)


async def test_many_workers_process_each_event_once(sender: Sender, resources: Resources) -> None:
    """Side by side, each player's events one after the other in their order."""
    await asyncio.gather(
        *(
            sender.sent(subject=f"s{number % 5}", occurrence=f"o{number}", sequence=number)
            for number in random.Random(5).sample(range(60), k=60)
        )
    )
    order: list[Event] = []

    async def work() -> None:
        while len(order) < 60:
            async with worker(resources) as conn:
                for event in await claimed(conn, resources, limit=2):
                    order.append(event)
                    await service.done(conn, [event])
            await asyncio.sleep(0)

    await asyncio.gather(*(work() for _ in range(4)))
    assert sorted(occurrences(order)) == sorted(f"o{number}" for number in range(60))
    for player_id in {event.player_id for event in order}:
        numbers = [event.sequence or 0 for event in order if event.player_id == player_id]
        assert numbers == sorted(numbers)


async def test_work_that_is_cut_off_is_done_again(sender: Sender, resources: Resources) -> None:
    """Whatever ends the transaction, the event is as it was."""
    await sender.sent(occurrence="1")
    async with resources.pool.acquire() as conn:
        transaction = conn.transaction()
        await transaction.start()
        [event] = await claimed(conn, resources)
        await service.done(conn, [event])
        await transaction.rollback()
    assert occurrences(await process_all(resources)) == ["1"]


async def test_a_failed_event_waits_and_holds_back_the_next(
    sender: Sender, resources: Resources, clock: ManualClock
) -> None:
    """Its player's events wait with it, other players' do not, and those that come meanwhile wait too."""
    await sender.sent(occurrence="1", sequence=1)
    await sender.sent(occurrence="2", sequence=2)
    async with worker(resources) as conn:
        [event] = await claimed(conn, resources)
        await service.failed(conn, event, "the ledger is away", now_ms=clock())
    await sender.sent(occurrence="3", sequence=3)
    await sender.sent(occurrence="b", subject="bob")
    assert occurrences(await process_all(resources)) == ["b"]
    clock.advance(1_999)
    assert await process_all(resources) == []
    clock.advance(1)
    assert occurrences(await process_all(resources)) == ["1", "2", "3"]


async def test_events_that_wait_do_not_fill_the_claim(
    sender: Sender, resources: Resources, clock: ManualClock
) -> None:
    """However many stand behind one that failed, those of others get their turn."""
    for number in range(3 * service.LOOKED_AT_PER_CLAIMED):
        await sender.sent(occurrence=str(number), sequence=number)
    async with worker(resources) as conn:
        [event] = await claimed(conn, resources, limit=1)
        await service.failed(conn, event, "no", now_ms=clock())
    clock.advance(1)
    await sender.sent(occurrence="b", subject="bob")
    for _ in range(2):
        async with worker(resources) as conn:
            found = occurrences(await claimed(conn, resources, limit=1))
    assert found == ["b"]


async def test_a_dead_letter(office: Office, sender: Sender, resources: Resources) -> None:
    """After the last attempt nobody tries any more, the reason stands there, the next event has its turn."""
    dead = await sender.sent(occurrence="1", sequence=1)
    await fail(resources, times=ATTEMPTS_MAX, reason="x" * 2_000)
    await sender.sent(occurrence="2", sequence=2)
    assert occurrences(await process_all(resources)) == ["2"]
    [letter] = await office.events(state="dead")
    assert (letter["id"], letter["attempts"], letter["reason"]) == (dead["id"], ATTEMPTS_MAX, "x" * 500)


async def test_a_dead_letter_is_driven_again(office: Office, sender: Sender, resources: Resources) -> None:
    """With all its attempts; asked again, nothing more happens."""
    dead = await sender.sent(occurrence="1")
    await fail(resources, times=ATTEMPTS_MAX)
    for _ in range(2):
        letter = await office.done("POST", f"events/{dead['id']}/redrive")
        assert (letter["state"], letter["attempts"], letter["reason"]) == ("stored", 0, None)
    assert occurrences(await process_all(resources)) == ["1"]
    assert (await office.done("POST", f"events/{dead['id']}/redrive"))["state"] == "processed"
    assert await process_all(resources) == []


async def test_all_dead_letters_are_driven_again(
    office: Office, sender: Sender, resources: Resources
) -> None:
    """Of a type, or all; how many it were is told."""
    for type_ in ("review.created", "checkin.created", "birthday.reached"):
        await sender.sent(type_, occurrence=type_)
        await fail(resources, times=ATTEMPTS_MAX)
    assert await office.done("POST", "dead-letters/redrive", {"type": "checkin.created"}) == {"redriven": 1}
    assert occurrences(await process_all(resources)) == ["checkin.created"]
    assert await office.done("POST", "dead-letters/redrive", {"type": None}) == {"redriven": 2}
    assert await office.done("POST", "dead-letters/redrive", {"type": None}) == {"redriven": 0}
    assert len(await process_all(resources)) == 2


async def test_retention(sender: Sender, resources: Resources, clock: ManualClock) -> None:
    """Events that have ended are forgotten after their time, dead letters later, what waits never."""
    await sender.sent(occurrence="dead")
    await fail(resources, times=ATTEMPTS_MAX)
    await sender.sent(occurrence="done", happened_ms=clock())
    await process_all(resources)
    await sender.sent("weather.changed")
    await sender.sent(occurrence="waits", subject="bob")
    clock.advance(RETENTION_MS - DAY_MS)
    assert await service.purge(resources) == 0
    clock.advance(DAY_MS + 1)
    assert await service.purge(resources) == 2
    assert await service.purge(resources) == 0
    clock.advance(DEAD_RETENTION_MS)
    assert await service.purge(resources) == 1
    assert await states(resources) == {("review.created", "waits"): "stored"}


async def test_what_was_forgotten_is_not_taken_again(
    sender: Sender, resources: Resources, clock: ManualClock
) -> None:
    """A copy that comes after the purge is too old: it cannot earn anything a second time."""
    happened_ms = clock()
    await sender.sent(occurrence="1", happened_ms=happened_ms)
    await process_all(resources)
    clock.advance(RETENTION_MS + 1)
    assert await service.purge(resources) == 1
    answer = await sender.send(occurrence="1", happened_ms=happened_ms)
    assert (answer.status_code, answer.json()["code"]) == (422, "event_too_old")


async def test_the_metrics_count_what_is_open(sender: Sender, resources: Resources) -> None:
    """Events that wait, unknown ones and dead letters."""
    await sender.sent(occurrence="dead")
    await fail(resources, times=ATTEMPTS_MAX)
    await sender.sent(occurrence="waits")
    await sender.sent("weather.changed")
    await sender.sent("weather.changed")
    await service.count(resources)
    metrics: Any = (await sender.client.get("/metrics")).text
    for state, events in {"stored": 1, "unknown": 2, "dead": 1}.items():
        assert f'playfair_events_open{{state="{state}"}} {events}.0' in metrics
