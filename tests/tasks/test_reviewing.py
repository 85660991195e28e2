"""Where a person decides: pending, approved or rejected with a reason, and once more after an appeal."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.tasks.shop import Shop

pytestmark = pytest.mark.asyncio


async def waiting(shop: Shop) -> list[dict[str, Any]]:
    """What waits for a decision."""
    found: list[dict[str, Any]] = (
        await shop.office.done("GET", f"campaigns/{shop.campaign_id}/task-reviews")
    )["completions"]
    return found


async def decide(shop: Shop, way: str, completion: dict[str, Any], **said: Any) -> httpx.Response:
    """Approve or reject a completion."""
    path = f"campaigns/{shop.campaign_id}/task-reviews/{completion['id']}/{way}"
    return await shop.office.ask("POST", path, {"generation": completion["generation"]} | said)


async def appeal(shop: Shop, completion: dict[str, Any], *, subject: str = "ann") -> httpx.Response:
    """Do not agree."""
    path = f"tasks/completions/{completion['id']}/appeal"
    return await shop.me("POST", path, {"text": "I did"}, subject=subject)


async def reviewed(shop: Shop, **changes: Any) -> dict[str, Any]:
    """Ann has completed a task that needs a review; the completion."""
    await shop.saved(needs_review=True, **changes)
    await shop.saved("next", event_type="review.created", prerequisites=["buy"])
    await shop.launch()
    await shop.sender.sent("review.created")
    await shop.bought(occurrence="order-1")
    await shop.process()
    [completion] = await waiting(shop)
    return completion


async def test_approved(shop: Shop) -> None:
    """Nothing is paid before; then the reward is, and what comes after the task opens."""
    completion = await reviewed(shop)
    assert (await shop.rewards(), completion["state"]) == ({}, "pending")
    approved = await decide(shop, "approve", completion)
    assert (approved.status_code, approved.json()["state"]) == (200, "rewarded")
    assert await shop.rewards() == {"task:buy:1": "given", "task:next:1": "given"}
    assert (shop.points(), await waiting(shop)) == (20, [])
    again = await decide(shop, "approve", completion)
    assert (again.status_code, again.json()["code"]) == (409, "completion_state")
    assert shop.points() == 20


async def test_rejected_and_appealed(shop: Shop) -> None:
    """The player sees the reason and may appeal once; then it is decided for good."""
    completion = await reviewed(shop)
    rejected = await decide(shop, "reject", completion, reason="blurred photo")
    assert rejected.json()["state"] == "rejected"
    [mine] = (await shop.mine())["completions"]
    assert (mine["state"], mine["reason"]) == ("rejected", "blurred photo")
    assert (await appeal(shop, completion, subject="bob")).status_code == 404
    assert (await appeal(shop, completion)).json()["state"] == "appealed"
    assert (await appeal(shop, completion)).status_code == 409
    [again] = await waiting(shop)
    assert again["appeal"] == "I did"
    denied = await decide(shop, "reject", again, reason="still blurred")
    assert denied.json()["state"] == "denied"
    assert (await appeal(shop, completion)).status_code == 409
    assert await shop.rewards() == {}


async def test_an_appeal_may_succeed(shop: Shop) -> None:
    """Then the reward is paid once."""
    completion = await reviewed(shop)
    await decide(shop, "reject", completion, reason="blurred photo")
    await appeal(shop, completion)
    assert (await decide(shop, "approve", completion)).json()["state"] == "rewarded"
    assert shop.points() == 20


async def test_reversed_while_it_waits(shop: Shop) -> None:
    """Then nobody can decide about it; earned anew it is another generation, which has to be looked at."""
    completion = await reviewed(shop)
    await shop.took_back("order-1")
    await shop.settled()
    assert await waiting(shop) == []
    assert (await decide(shop, "approve", completion)).status_code == 409
    await shop.bought(occurrence="order-2")
    await shop.settled()
    [anew] = await waiting(shop)
    assert (anew["id"], anew["generation"]) == (completion["id"], 2)
    assert (await decide(shop, "approve", completion)).status_code == 409
    assert (await decide(shop, "approve", anew)).status_code == 200


async def test_reversed_after_it_was_approved(shop: Shop) -> None:
    """Its reward is taken back, and that of what it had opened."""
    completion = await reviewed(shop)
    await decide(shop, "approve", completion)
    await shop.took_back("order-1")
    await shop.settled()
    assert await shop.rewards() == {"task:buy:1": "returned", "task:next:1": "returned"}
    assert shop.points() == 0


async def test_the_cap_counts_what_is_approved(shop: Shop) -> None:
    """A completion that waits takes no place; one that finds none is capped and opens what comes after it."""
    completion = await reviewed(shop, times_overall=1)
    await shop.bought(subject="bob")
    await shop.process()
    [other] = [each for each in await waiting(shop) if each["id"] != completion["id"]]
    assert (await decide(shop, "approve", other)).json()["state"] == "rewarded"
    assert (await decide(shop, "approve", completion)).json()["state"] == "capped"
    assert await shop.rewards() == {"task:next:1": "given"}


async def test_decisions_are_on_record(shop: Shop) -> None:
    """Who decided, what, and why; nobody's subject among it."""
    completion = await reviewed(shop)
    await decide(shop, "reject", completion, reason="blurred photo")
    changes = (await shop.office.done("GET", f"campaigns/{shop.campaign_id}/changes"))["changes"]
    last = changes[-1]
    assert (last["actor"], last["action"]) == ("mia", "task.reject")
    assert (last["new"]["state"], last["new"]["reason"]) == ("rejected", "blurred photo")
    assert "ann" not in str(last)


@pytest.mark.parametrize("way", ["approve", "reject"])
async def test_nobody_decides_about_a_completion_of_their_own(shop: Shop, way: str) -> None:
    """A manager may be a player too; then somebody else decides."""
    await shop.saved(needs_review=True)
    await shop.launch()
    await shop.bought(subject="mia")
    await shop.process()
    [completion] = await waiting(shop)
    said = {"reason": "blurred"} if way == "reject" else {}
    refused = await decide(shop, way, completion, **said)
    assert (refused.status_code, refused.json()["code"]) == (403, "second_person_required")
    assert ([each["id"] for each in await waiting(shop)], shop.points("mia")) == ([completion["id"]], 0)


async def test_two_people_who_approve_at_once_pay_once(shop: Shop) -> None:
    """Whoever comes second is told that it is decided."""
    completion = await reviewed(shop)
    answers = await asyncio.gather(*(decide(shop, "approve", completion) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert shop.points() == 20
