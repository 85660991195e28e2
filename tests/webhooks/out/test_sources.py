"""What brands are told of: prizes, plays under review, stock that is low."""

from typing import Any

import msgspec
import pytest

from game.campaigns.stock import tell_of_stock
from game.ids import wire_id
from game.plays.review_notice import tell_of_reviews
from tests.prizes.granting import granted, stock
from tests.support.rewarding import define_tiger
from tests.support.terms import prize
from tests.webhooks.out.receiver import Post, Receiver

pytestmark = pytest.mark.asyncio


async def said(post: Post, receiver: Receiver) -> list[tuple[str, dict[str, Any]]]:
    """Type and data of all that has come, after sending what is due."""
    await post.deliver()
    return [(each.said["type"], each.said["data"]) for each in receiver.received]


async def test_a_prize(post: Post, receiver: Receiver) -> None:
    """Each prize of a settled play is told, with what was won and by whom."""
    await post.endpoint(receiver.url, "prize.won")
    campaign_id = post.campaign.campaign_id
    won = await post.campaign.settle(await post.campaign.player("ann"), 0, 0)
    await granted(post.resources, won)
    assert await said(post, receiver) == [
        (
            "prize.won",
            {
                "subject": "ann",
                "campaign": campaign_id,
                "prize": wire_id(campaign_id, each.grant_id),
                "play": wire_id(campaign_id, each.play_id),
                "pool": "main",
                "row": each.prize.row_id,
                "kind": "points",
                "amount": 25,
            },
        )
        for each in won
    ]


async def test_a_badge_of_a_draw(post: Post, receiver: Receiver) -> None:
    """It is told after the prize that it is."""
    await post.endpoint(receiver.url, "prize.won", "badge.awarded")
    campaign_id = post.campaign.campaign_id
    await define_tiger(post.resources, campaign_id)
    [won] = await post.campaign.settle(await post.campaign.player("ann"), 0)
    await granted(post.resources, [msgspec.structs.replace(won, prize=prize(0, kind="badge"))])
    [(first, _), (second, data)] = await said(post, receiver)
    assert (first, second) == ("prize.won", "badge.awarded")
    assert data == {
        "subject": "ann",
        "campaign": campaign_id,
        "award": wire_id(campaign_id, won.grant_id),
        "badge": "tiger",
        "source": f"draw:{won.entry_index}",
    }


async def test_a_play_under_review(post: Post, receiver: Receiver) -> None:
    """It is told once, by whichever process; and again when it comes to be in review again."""
    await post.endpoint(receiver.url, "play.review")
    pool, campaign_id = post.resources.pool, post.campaign.campaign_id
    [won] = await post.campaign.settle(await post.campaign.player("ann"), 0)
    ask = "UPDATE play SET state = $1, finished_ms = $2, log_size = $2 WHERE play_id = $3"
    assert await tell_of_reviews(post.resources) == 0
    await pool.execute(ask, "review", None, won.play_id)
    assert [await tell_of_reviews(post.resources) for _ in range(2)] == [1, 0]
    told = {
        "subject": "ann",
        "campaign": campaign_id,
        "play": wire_id(campaign_id, won.play_id),
        "pool": "main",
    }
    assert await said(post, receiver) == [("play.review", told)]
    await pool.execute(ask, "settled", 1, won.play_id)
    assert await tell_of_reviews(post.resources) == 0
    await pool.execute(ask, "review", None, won.play_id)
    assert await tell_of_reviews(post.resources) == 1
    assert await said(post, receiver) == [("play.review", told)] * 2


async def test_low_codes(post: Post, receiver: Receiver) -> None:
    """Told once when so few are left, and anew after more were added and went again."""
    await post.endpoint(receiver.url, "stock.low")
    pool, campaign_id = post.resources.pool, post.campaign.campaign_id
    alert = {"kind": "voucher", "item": "tea", "threshold": 1}
    path = f"campaigns/{campaign_id}/stock-alerts"
    await stock(post.resources, ["a", "b"], campaign_id=campaign_id)
    saved = await post.office.done("PUT", path, {"alerts": [alert]})
    assert saved == {"alerts": [alert]} == await post.office.done("GET", path)
    assert await tell_of_stock(post.resources) == 0
    await pool.execute("DELETE FROM voucher WHERE code = 'a'")
    assert [await tell_of_stock(post.resources) for _ in range(2)] == [1, 0]
    low = {"campaign": campaign_id, "kind": "voucher", "item": "tea", "left": 1, "threshold": 1}
    assert await said(post, receiver) == [("stock.low", low)]
    await stock(post.resources, ["c"], campaign_id=campaign_id)
    assert await tell_of_stock(post.resources) == 1
    await pool.execute("DELETE FROM voucher")
    assert await tell_of_stock(post.resources) == 1
    assert await said(post, receiver) == [("stock.low", low), ("stock.low", low | {"left": 0})]


async def test_low_rows(post: Post, receiver: Receiver) -> None:
    """Units of a pool's row; a row that is not there, and stock of no live campaign, are never told."""
    await post.endpoint(receiver.url, "stock.low")
    pool, campaign_id = post.resources.pool, post.campaign.campaign_id
    row_id = post.campaign.prizes[0].row_id
    alerts = [
        {"kind": "row", "item": f"main/{row_id}", "threshold": 10},
        {"kind": "row", "item": "main/none", "threshold": 10},
    ]
    await post.office.done("PUT", f"campaigns/{campaign_id}/stock-alerts", {"alerts": alerts})
    await pool.execute("UPDATE pool_row SET count = 10, units_left = 10")
    await pool.execute("UPDATE campaign SET state = 'paused'")
    assert await tell_of_stock(post.resources) == 0
    await pool.execute("UPDATE campaign SET state = 'live'")
    assert await tell_of_stock(post.resources) == 1
    [(_, data)] = await said(post, receiver)
    assert (data["item"], data["left"], data["threshold"]) == (f"main/{row_id}", 10, 10)


async def test_changed_alerts(post: Post) -> None:
    """What is asked for replaces what was, stands in the change log, and is of the caller's brand only."""
    path = f"campaigns/{post.campaign.campaign_id}/stock-alerts"
    for item, threshold in [("tea", 5), ("cup", 7)]:
        alert = {"kind": "voucher", "item": item, "threshold": threshold}
        assert (await post.office.done("PUT", path, {"alerts": [alert]}))["alerts"] == [alert]
    changes = await post.office.done("GET", f"campaigns/{post.campaign.campaign_id}/changes")
    assert [(each["action"], each["old"], each["new"]) for each in changes["changes"]] == [
        ("stock.alerts", {}, {"voucher:tea": 5}),
        ("stock.alerts", {"voucher:tea": 5}, {"voucher:cup": 7}),
    ]
    assert (await post.office.ask("GET", "campaigns/abcdefghijkl/stock-alerts")).status_code == 404
    refused = await post.office.ask("PUT", path, {"alerts": [{"kind": "row", "item": "A", "threshold": 1}]})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_body")
