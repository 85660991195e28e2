"""Rewards in a player's inbox, among the prizes of draws."""

import httpx
import pytest

from game.resources import Resources
from ledger_client import budget
from ledger_client.testing import FakeLedger
from tests.prizes.conftest import GOODS
from tests.prizes.granting import granted, stock
from tests.support.rewarding import Recipient, at_rest, define_tiger, spend
from tests.support.service import ManualClock
from tests.support.settled import Campaign

pytestmark = pytest.mark.asyncio


async def listed(client: httpx.AsyncClient, ann: Recipient, limit: int = 50) -> list[dict[str, object]]:
    """All prizes, page by page."""
    found: list[dict[str, object]] = []
    params: dict[str, str | int] = {"limit": limit}
    for _ in range(20):
        path = f"/v1/campaigns/{ann.campaign_id}/me/prizes"
        page = (await client.get(path, params=params)).json()
        found += page["prizes"]
        if page["next"] is None:
            return found
        params["before"] = page["next"]
    raise AssertionError("the pages have no end")


async def recipient(wheel: Campaign, ledger: FakeLedger, clock: ManualClock) -> Recipient:
    """Ann, in a funded campaign with a badge and a code."""
    ledger.fund(budget(wheel.campaign_id), 1_000)
    await define_tiger(wheel.resources, wheel.campaign_id)
    await stock(wheel.resources, ["SECRET"], campaign_id=wheel.campaign_id)
    return Recipient(wheel.resources, clock, wheel.campaign_id, await wheel.player("ann"), "ann")


async def test_rewards_and_prizes_are_one_list(
    client: httpx.AsyncClient, resources: Resources, ledger: FakeLedger, clock: ManualClock, wheel: Campaign
) -> None:
    """Newest first, whatever the page's size, each with what it is and what it was given for."""
    ann = await recipient(wheel, ledger, clock)
    for nth, kind in enumerate(("points", "chances", "voucher", "badge")):
        await ann.give(ann.reward(f"task:a:{nth}", kind))  # type: ignore[arg-type]
        clock.advance(1)
        await granted(resources, await wheel.settle(ann.player_id, GOODS))
        clock.advance(1)
    await ann.give(ann.reward("nobody:knows"))
    prizes = await listed(client, ann)
    assert [each["kind"] for each in prizes] == [
        "points", "goods", "badge", "goods", "voucher", "goods", "chances", "goods", "points"
    ]  # fmt: skip
    for limit in (1, 2, 3, 8, 9):
        assert await listed(client, ann, limit) == prizes
    assert [each["name"]["en"] for each in prizes[::2]] == [  # type: ignore[index]
        "Points", "Tiger", "Voucher", "Free plays", "Points"
    ]  # fmt: skip
    sources = [each["source"] and each["source"]["en"] for each in prizes[:3]]  # type: ignore[index]
    assert sources == ["Reward", None, "Task completed"]
    assert (prizes[0]["state"], prizes[0]["play"], prizes[0]["entry_index"]) == ("paid", None, None)


async def test_what_has_not_changed_is_not_sent(
    client: httpx.AsyncClient, ledger: FakeLedger, clock: ManualClock, wheel: Campaign
) -> None:
    """An app may ask as often as it likes; a code that is shown is a change."""
    ann = await recipient(wheel, ledger, clock)
    await ann.give(ann.reward("task:a:1", "voucher"))
    path = f"/v1/campaigns/{ann.campaign_id}/me/prizes"
    answer = await client.get(path)
    headers = {"If-None-Match": answer.headers["etag"]}
    same = await client.get(path, headers=headers)
    assert (same.status_code, same.content) == (304, b"")
    await client.post(f"/v1/prizes/{answer.json()['prizes'][0]['id']}/redeem")
    assert (await client.get(path, headers=headers)).status_code == 200


async def test_a_voucher_that_was_given_is_redeemed_as_one_that_was_won(
    client: httpx.AsyncClient, ledger: FakeLedger, clock: ManualClock, wheel: Campaign
) -> None:
    """Its code is shown for good; once it is taken back, it still is, and an unseen one is not any more."""
    ann = await recipient(wheel, ledger, clock)
    await ann.give(ann.reward("task:a:1", "voucher"))
    [before] = await listed(client, ann)
    path = f"/v1/prizes/{before['id']}/redeem"
    redeemed = (await client.post(path)).json()
    assert (before["code"], redeemed["code"], redeemed["state"]) == (None, "SECRET", "redeemed")
    await ann.take_back("task:a:1")
    again = (await client.post(path)).json()
    assert (again["code"], again["state"], await ann.debt("voucher")) == ("SECRET", "returned", 1)


async def test_what_was_taken_back_cannot_be_redeemed(
    client: httpx.AsyncClient, ledger: FakeLedger, clock: ManualClock, wheel: Campaign
) -> None:
    """Nor what has settled a debt; the inbox says which is which."""
    ann = await recipient(wheel, ledger, clock)
    await ann.give(ann.reward("task:a:1", "voucher"))
    await ann.resources.pool.execute("UPDATE reward SET redeemed_ms = 1")
    await ann.take_back("task:a:1")
    await ann.give(ann.reward("task:a:2", "voucher"))
    await ann.give(ann.reward("task:a:3", "voucher"))
    await ann.take_back("task:a:3")
    prizes = {each["state"]: each for each in await listed(client, ann)}
    assert prizes.keys() == {"returned", "withheld"}
    for each in await listed(client, ann):
        if each["redeemed_at"] is None:
            answer = await client.post(f"/v1/prizes/{each['id']}/redeem")
            assert (answer.status_code, answer.json()["code"]) == (409, "prize_taken_back")


async def test_points_tell_where_they_stand(
    client: httpx.AsyncClient, ledger: FakeLedger, clock: ManualClock, wheel: Campaign
) -> None:
    """On their way, arrived, on their way back, gone; and how much of one has settled a debt."""
    ann = await recipient(wheel, ledger, clock)
    ledger.reachable = False
    await ann.give(ann.reward("task:a:1", amount=30))
    assert [each["state"] for each in await listed(client, ann)] == ["paying"]
    ledger.reachable = True
    await at_rest(ann)
    await spend(ledger, ann, 30)
    await ann.take_back("task:a:1")
    assert [each["state"] for each in await listed(client, ann)] == ["returning"]
    await at_rest(ann)
    await ann.give(ann.reward("task:a:2", amount=50))
    told = [(each["state"], each["amount"], each["withheld"]) for each in await listed(client, ann)]
    assert told == [("paid", 50, 30), ("returned", 30, 0)]
