"""Past events: a dry run says who would have earned what; a credit takes two people and happens once."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.campaigns.office import DAY_MS, HOUR_MS, rfc3339
from tests.support.service import STARTED_MS
from tests.tasks.shop import Shop

pytestmark = pytest.mark.asyncio

PERIOD = {"since": rfc3339(STARTED_MS - 10 * DAY_MS), "until": rfc3339(STARTED_MS + DAY_MS)}
EARLY = {"opens": rfc3339(STARTED_MS - 5 * DAY_MS)}


async def dry_run(shop: Shop, task_id: str = "buy") -> dict[str, Any]:
    """Who would have earned what around now."""
    found: dict[str, Any] = await shop.office.done("POST", f"{shop.path}/{task_id}/dry-run", PERIOD)
    return found


async def approve(shop: Shop, asked: dict[str, Any], *, by: str = "eve", **said: Any) -> httpx.Response:
    """Approve a credit."""
    return await shop.office.client.post(
        f"/v1/manage/campaigns/{shop.campaign_id}/task-credits/{asked['id']}/approve",
        headers=shop.office.issuer.headers(by, "approver"),
        json={"digest": asked["digest"]} | said,
    )


async def with_past(shop: Shop, **changes: Any) -> None:
    """Ann has bought twice and bob once, two hours before the campaign opened."""
    await shop.saved(**EARLY | changes)
    for subject, occurrence in (("ann", "a1"), ("ann", "a2"), ("bob", "b1")):
        await shop.bought(subject=subject, occurrence=occurrence, happened_ms=STARTED_MS - HOUR_MS)
    await shop.process()


async def test_a_dry_run_gives_nothing(shop: Shop) -> None:
    """It counts players, completions and points of a draft's task over what has happened."""
    await with_past(shop)
    found = await dry_run(shop)
    assert (found["events"], found["players"], found["completions"], found["points"]) == (3, 2, 3, 30)
    assert found["first"] == [{"subject": "ann", "completions": 2}, {"subject": "bob", "completions": 1}]
    assert found["is_complete"]
    assert await shop.rewards() == {}


async def test_a_dry_run_heeds_caps_and_prerequisites(shop: Shop) -> None:
    """A task earns nothing before its prerequisites, and its points end with its places."""
    await with_past(shop, times_overall=2)
    await shop.saved("after", event_type="birthday.reached", prerequisites=["buy"])
    for subject in ("ann", "cat"):
        await shop.sender.sent("birthday.reached", subject=subject, happened_ms=STARTED_MS - HOUR_MS)
    await shop.process()
    assert ((await dry_run(shop))["completions"], (await dry_run(shop))["points"]) == (3, 20)
    assert (await dry_run(shop, "after"))["players"] == 1


async def test_a_credit_takes_two_people(shop: Shop) -> None:
    """Whoever asked does not approve; the other says the digest that was shown; then all is paid, once."""
    await with_past(shop)
    await shop.launch()
    await shop.bought(occurrence="a3")
    await shop.process()
    asked = await shop.office.done("POST", f"{shop.path}/buy/credits")
    assert (asked["events"], asked["players"]) == (3, 2)
    own = await approve(shop, asked, by="mia")
    assert (own.status_code, own.json()["code"]) == (403, "second_person_required")
    other = await approve(shop, asked, digest="0" * 64)
    assert (other.status_code, other.json()["code"]) == (409, "credit_changed")
    assert shop.points() == 10
    answers = await asyncio.gather(approve(shop, asked), approve(shop, asked, by="max"))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert (shop.points("ann"), shop.points("bob")) == (30, 10)
    nothing = await shop.office.ask("POST", f"{shop.path}/buy/credits")
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing_to_credit")


async def test_what_is_taken_back_meanwhile_is_not_credited(shop: Shop) -> None:
    """Neither before the approval nor after it; two credits of the same events count them once."""
    await with_past(shop)
    await shop.launch()
    first = await shop.office.done("POST", f"{shop.path}/buy/credits")
    second = await shop.office.done("POST", f"{shop.path}/buy/credits")
    await shop.took_back("a1")
    await shop.process()
    assert (await approve(shop, first)).status_code == 200
    assert (await approve(shop, second)).status_code == 200
    assert (shop.points("ann"), shop.points("bob")) == (10, 10)
    await shop.took_back("a2")
    await shop.settled()
    assert (shop.points("ann"), shop.points("bob")) == (0, 10)


async def test_both_are_on_record(shop: Shop) -> None:
    """Who asked for what, and who approved it."""
    await with_past(shop)
    await shop.launch()
    asked = await shop.office.done("POST", f"{shop.path}/buy/credits")
    await approve(shop, asked)
    missing = await approve(shop, asked | {"id": "00000000-0000-7000-8000-000000000000"})
    assert (missing.status_code, missing.json()["code"]) == (404, "credit_not_found")
    changes = (await shop.office.done("GET", f"campaigns/{shop.campaign_id}/changes"))["changes"][-2:]
    assert [(each["actor"], each["action"]) for each in changes] == [
        ("mia", "task.credit.ask"),
        ("eve", "task.credit.approve"),
    ]
    assert {each["new"]["digest"] for each in changes} == {asked["digest"]}
