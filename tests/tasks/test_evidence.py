"""What whoever decides about a completion is shown: whose it is, and the events that it rests on."""

from typing import Any

import pytest

from tests.tasks.shop import Shop

pytestmark = pytest.mark.asyncio


async def shown(shop: Shop) -> dict[str, Any]:
    """The only completion that waits for a decision, as it is shown to whoever decides."""
    path = f"campaigns/{shop.campaign_id}/task-reviews"
    [waiting] = (await shop.office.done("GET", path))["completions"]
    found: dict[str, Any] = await shop.office.done("GET", f"{path}/{waiting['id']}")
    assert found["completion"] == waiting
    return found


async def test_the_events_that_count_are_shown(shop: Shop) -> None:
    """The player's, for this task: none that was taken back, and nobody else's."""
    await shop.saved(needs_review=True, target=2, window="campaign", times_per_window=1, times_per_player=1)
    await shop.launch()
    for occurrence in ("one", "two", "three"):
        await shop.bought(occurrence=occurrence, category="tea")
    await shop.took_back("two")
    await shop.bought(subject="bob", occurrence="other")
    await shop.process()
    found = await shown(shop)
    assert found["subject"] == "ann"
    assert sorted(event["occurrence"] for event in found["events"]) == ["one", "three"]
    assert found["events"][0]["attributes"] == {"amount_fen": 100, "category": "tea"}
    assert found["events"][0]["amount"] == 1


async def test_nobody_decides_by_how_good_a_review_is(shop: Shop) -> None:
    """Its rating is not shown (网络反不正当竞争暂行规定, article 9)."""
    await shop.saved(event_type="review.created", needs_review=True)
    await shop.launch()
    await shop.sender.sent("review.created", item="tea", rating=1, photos=2)
    await shop.process()
    [event] = (await shown(shop))["events"]
    assert event["attributes"] == {"item": "tea", "photos": 2}
