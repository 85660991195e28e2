"""Reversals take back what was processed, and leave a tombstone for what was not."""

import asyncio

import pytest

from game.resources import Resources
from game.webhooks import service
from game.webhooks.rules import ATTEMPTS_MAX
from tests.webhooks.processing import claimed, fail, occurrences, process_all, states, worker
from tests.webhooks.senders import Office, Sender

pytestmark = pytest.mark.asyncio


async def test_a_reversal_follows_what_it_reverses(sender: Sender, resources: Resources) -> None:
    """Of an event that was processed, its reversal is processed too, and says what it takes back."""
    await sender.sent(occurrence="1")
    await process_all(resources)
    await sender.sent("review.created.reversed", occurrence="1")
    [reversal] = await process_all(resources)
    assert (reversal.type, reversal.reverses) == ("review.created.reversed", "review.created")
    assert await states(resources) == {
        ("review.created", "1"): "reversed",
        ("review.created.reversed", "1"): "processed",
    }


async def test_a_reversal_before_its_original(sender: Sender, resources: Resources) -> None:
    """It leaves a tombstone: the original is reversed from the first on, and nobody processes either."""
    await sender.sent("review.created.reversed", occurrence="1")
    assert await process_all(resources) == []
    await sender.sent(occurrence="1")
    assert (await states(resources))["review.created", "1"] == "reversed"
    assert await process_all(resources) == []
    again = await sender.sent(occurrence="1")
    assert again["state"] == "duplicate"


async def test_a_reversal_before_its_original_was_processed(sender: Sender, resources: Resources) -> None:
    """Both had come: neither is processed, and other occurrences are."""
    await sender.sent(occurrence="1")
    await sender.sent(occurrence="2")
    await sender.sent("review.created.reversed", occurrence="1")
    assert occurrences(await process_all(resources)) == ["2"]
    assert (await states(resources))["review.created", "1"] == "reversed"


async def test_original_and_reversal_at_once(sender: Sender, resources: Resources) -> None:
    """Whichever is stored first, the end is the same."""
    for number in range(10):
        await asyncio.gather(
            sender.sent(occurrence=str(number)),
            sender.sent("review.created.reversed", occurrence=str(number)),
        )
    assert await process_all(resources) == []
    found = await states(resources)
    assert {found["review.created", str(number)] for number in range(10)} == {"reversed"}


async def test_a_reversal_that_comes_during_the_work(sender: Sender, resources: Resources) -> None:
    """It waits until its original is done, and is then processed as its reversal."""
    await sender.sent(occurrence="1")
    async with worker(resources) as conn:
        [event] = await claimed(conn, resources)
        await sender.sent("review.created.reversed", occurrence="1")
        assert await process_all(resources) == []
        await service.done(conn, [event])
    [reversal] = await process_all(resources)
    assert reversal.reverses == "review.created"


async def test_a_dead_letter_is_reversed(office: Office, sender: Sender, resources: Resources) -> None:
    """What was never processed has nothing to take back, and cannot be driven again."""
    dead = await sender.sent(occurrence="1")
    await fail(resources, times=ATTEMPTS_MAX)
    await sender.sent("review.created.reversed", occurrence="1")
    assert await process_all(resources) == []
    assert (await office.done("POST", f"events/{dead['id']}/redrive"))["state"] == "reversed"


async def test_a_reversal_of_another_source(office: Office, sender: Sender, resources: Resources) -> None:
    """A source takes back its own events only."""
    await sender.sent(occurrence="1")
    await (await office.sender("app")).sent("review.created.reversed", occurrence="1")
    assert occurrences(await process_all(resources)) == ["1"]
