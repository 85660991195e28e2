"""What players see of their tasks: bars, what comes next, and why one is out of reach."""

from typing import Any

import pytest

from tests.campaigns.office import CLOSES_MS, DAY_MS, HOUR_MS, rfc3339
from tests.support.service import ManualClock
from tests.tasks.shop import Shop

pytestmark = pytest.mark.asyncio


async def test_a_bar_fills_with_each_event(shop: Shop) -> None:
    """Progress of the present window towards the next completion, and what that earns."""
    await shop.saved(sum_of="amount_fen", target=1_000, times_per_window=2)
    await shop.launch()
    assert (await shop.mine())["progress"] == {"progress": 0, "target": 1000, "completed": 0, "left": 2}
    await shop.bought(amount_fen=1_250)
    await shop.process()
    mine = await shop.mine()
    assert mine["progress"] == {"progress": 250, "target": 1000, "completed": 1, "left": 1}
    assert (mine["reward"]["kind"], mine["reward"]["amount"]) == ("points", 10)
    assert mine["unavailable"] is None
    assert mine["name"] == {"zh": "购物", "en": "Shop"}
    assert [each["state"] for each in mine["completions"]] == ["rewarded"]


async def test_the_next_window_starts_at_nought(shop: Shop, clock: ManualClock) -> None:
    """The window ends with the player's day; then the bar is empty again, what was completed stays."""
    await shop.saved(times_per_window=1)
    await shop.launch()
    await shop.bought()
    await shop.process()
    mine = await shop.mine()
    assert (mine["unavailable"], mine["progress"]["left"]) == ("done", 0)
    assert mine["window_ends_at"] == "2026-09-21T16:00:00Z"
    clock.advance(HOUR_MS)
    mine = await shop.mine()
    assert (mine["unavailable"], mine["progress"]["completed"]) == (None, 0)
    assert len(mine["completions"]) == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"opens": rfc3339(CLOSES_MS - DAY_MS)}, "not_open_yet"),
        ({"closes": rfc3339(CLOSES_MS - 9 * DAY_MS)}, None),
        ({"segments": ["gold"]}, "segment"),
        ({"prerequisites": ["first"]}, "prerequisite"),
    ],
)
async def test_why_it_is_out_of_reach(shop: Shop, changes: dict[str, Any], reason: str | None) -> None:
    """The reason is a code, and prerequisites are named."""
    await shop.saved("first", event_type="birthday.reached")
    await shop.saved(**changes)
    await shop.launch()
    mine = await shop.mine()
    assert mine["unavailable"] == reason
    assert mine["missing"] == changes.get("prerequisites", [])


async def test_a_cap_is_reached(shop: Shop) -> None:
    """Whoever comes too late sees why."""
    await shop.saved(times_overall=1)
    await shop.launch()
    await shop.bought(subject="bob")
    await shop.process()
    assert (await shop.mine())["unavailable"] == "cap_reached"


async def test_closed_and_ended(shop: Shop, clock: ManualClock) -> None:
    """After its close, and after a manager's end."""
    await shop.saved("short", closes=rfc3339(CLOSES_MS - 9 * DAY_MS))
    await shop.saved()
    await shop.launch()
    clock.now_ms = CLOSES_MS - 9 * DAY_MS
    assert (await shop.mine("short"))["unavailable"] == "closed"
    await shop.office.done("POST", f"campaigns/{shop.campaign_id}/end")
    assert (await shop.mine())["unavailable"] == "campaign_ended"


async def test_what_has_not_changed_is_not_sent(shop: Shop) -> None:
    """The answer has a tag; whoever names it is told 304 until something changes."""
    await shop.saved()
    await shop.launch()
    first = await shop.me("GET", "tasks")
    headers = shop.office.issuer.headers("ann") | {"If-None-Match": f'"other", W/{first.headers["etag"]}'}
    path = f"/v1/campaigns/{shop.campaign_id}/me/tasks"
    same = await shop.office.client.get(path, headers=headers)
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["etag"] == first.headers["etag"]
    await shop.bought()
    await shop.process()
    changed = await shop.office.client.get(path, headers=headers)
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]


async def test_a_draft_is_not_there(shop: Shop) -> None:
    """Neither for players nor for other brands."""
    await shop.saved()
    hidden = await shop.me("GET", "tasks")
    assert (hidden.status_code, hidden.json()["code"]) == (404, "campaign_not_found")
