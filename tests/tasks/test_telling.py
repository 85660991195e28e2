"""What brands are told of tasks: each completion and each badge once, in the order of what happened."""

import json
from typing import Any

import pytest

from game.ids import wire_id
from tests.tasks.shop import Shop
from tests.tasks.test_processing import BADGE
from tests.tasks.test_reviewing import decide, waiting

pytestmark = pytest.mark.asyncio

NAME = {"zh": "粉", "en": "Fan"}
FAN = {"name": NAME, "description": NAME, "criteria": NAME, "image_url": "https://img.example/fan.png"}


async def listen(shop: Shop) -> None:
    """Have the brand be told of completions and badges."""
    wanted = {"url": "https://crm.example/hook", "types": ["task.completed", "badge.awarded"]}
    await shop.office.done("POST", "webhook-endpoints", wanted)


async def told(shop: Shop) -> list[tuple[str, dict[str, Any]]]:
    """Type and data of all that was told, in its order."""
    rows = await shop.resources.pool.fetch("SELECT type, data FROM webhook_delivery ORDER BY position")
    return [(row["type"], json.loads(row["data"])) for row in rows]


async def completions(shop: Shop) -> list[tuple[str, int, int, bool]]:
    """Task, number, generation and whether it was rewarded, of each completion that was told."""
    return [
        (data["task"], data["nth"], data["generation"], data["is_rewarded"])
        for type_, data in await told(shop)
        if type_ == "task.completed"
    ]


async def test_a_repeated_event_is_told_once(shop: Shop) -> None:
    """However often it is sent, and whoever processes it."""
    await shop.saved()
    await shop.launch()
    await listen(shop)
    for _ in range(10):
        await shop.sender.send("purchase.completed", amount_fen=100, occurrence="order-1")
        await shop.process()
    [(type_, data)] = await told(shop)
    completion = await shop.resources.pool.fetchval("SELECT completion_id FROM task_completion")
    assert (type_, data) == (
        "task.completed",
        {
            "campaign": shop.campaign_id,
            "task": "buy",
            "completion": str(completion),
            "nth": 1,
            "generation": 1,
            "is_rewarded": True,
        },
    )


async def test_the_badge_follows_the_task(shop: Shop) -> None:
    """Both are told in one order, with the award that they are about."""
    await shop.office.done("PUT", f"campaigns/{shop.campaign_id}/badges/fan", FAN)
    await shop.saved(reward=BADGE)
    await shop.launch()
    await listen(shop)
    await shop.bought()
    await shop.process()
    award = await shop.resources.pool.fetchval("SELECT award_id FROM badge_award")
    [(first, _), (second, data)] = await told(shop)
    assert (first, second) == ("task.completed", "badge.awarded")
    assert data == {
        "campaign": shop.campaign_id,
        "award": wire_id(shop.campaign_id, award),
        "badge": "fan",
        "source": "task:buy:1",
    }


async def test_what_nobody_wants_is_not_stored(shop: Shop) -> None:
    """Who asks later is told of what happens later."""
    await shop.saved()
    await shop.launch()
    await shop.bought()
    await shop.process()
    await listen(shop)
    assert await told(shop) == []


async def test_a_completion_without_a_place(shop: Shop) -> None:
    """It is told too, as one that was not rewarded."""
    await shop.saved(times_overall=1)
    await shop.launch()
    await listen(shop)
    for subject in ("ann", "bob"):
        await shop.bought(subject=subject)
        await shop.process()
    assert await completions(shop) == [("buy", 1, 1, True), ("buy", 1, 1, False)]


async def test_earned_again(shop: Shop) -> None:
    """What is withdrawn is not told; earned again it is the next generation of the same completion."""
    await shop.saved()
    await shop.launch()
    await listen(shop)
    await shop.bought(occurrence="order-1")
    await shop.process()
    await shop.took_back("order-1")
    await shop.settled()
    assert await completions(shop) == [("buy", 1, 1, True)]
    await shop.bought(occurrence="order-2")
    await shop.process()
    assert await completions(shop) == [("buy", 1, 1, True), ("buy", 1, 2, True)]
    assert len({data["completion"] for _, data in await told(shop)}) == 1


async def test_a_person_decides_first(shop: Shop) -> None:
    """What waits for a review, or is rejected, is not told; what is approved is, with what opens then."""
    await shop.saved(needs_review=True)
    await shop.saved("next", event_type="review.created", prerequisites=["buy"])
    await shop.launch()
    await listen(shop)
    await shop.sender.sent("review.created")
    for subject in ("ann", "bob"):
        await shop.bought(subject=subject)
    await shop.process()
    assert await told(shop) == []
    first, second = await waiting(shop)
    await decide(shop, "reject", first, reason="blurred photo")
    assert await told(shop) == []
    assert (await decide(shop, "approve", second)).status_code == 200
    assert ("buy", 1, 1, True) in await completions(shop)
