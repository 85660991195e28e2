"""What events earn: each counts once, rewards follow what is held, and reversals take them back."""

from typing import Any

import pytest

from game.campaigns.badge_store import define_badge
from game.campaigns.records import Badge
from game.campaigns.rules import Text
from game.resources import Resources
from ledger_client.testing import FakeLedger
from tests.campaigns.office import CLOSES_MS, DAY_MS, HOUR_MS, rfc3339
from tests.support.service import STARTED_MS, ManualClock
from tests.tasks.shop import Shop

pytestmark = pytest.mark.asyncio

TEA = {"kind": "voucher", "amount": 1, "item": "tea"}
CHANCES = {"kind": "chances", "amount": 2, "expires_at": rfc3339(CLOSES_MS)}
BADGE = {"kind": "badge", "amount": 1, "item": "fan"}


async def test_an_event_sent_ten_times_counts_once(shop: Shop) -> None:
    """Whatever its webhook's id, one occurrence earns one reward, whose points are paid."""
    await shop.saved()
    await shop.launch()
    for _ in range(10):
        await shop.sender.send("purchase.completed", amount_fen=100, occurrence="order-1")
    assert await shop.process() == 1
    assert await shop.rewards() == {"task:buy:1": "given"}
    assert shop.points() == 10


async def test_a_sum_earns_what_it_reaches(shop: Shop) -> None:
    """Each target of the sum is worth one completion, up to the times of the window."""
    await shop.saved(sum_of="amount_fen", target=1_000)
    await shop.launch()
    await shop.bought(amount_fen=999)
    await shop.process()
    assert shop.points() == 0
    await shop.bought(amount_fen=1_001)
    await shop.process()
    assert shop.points() == 20
    await shop.bought(amount_fen=900_000)
    await shop.process()
    assert shop.points() == 30


@pytest.mark.parametrize(
    ("minutes", "points"), [((0, 10, 20, 30), 30), ((0, 10, 20, 60), 40), ((60, 70, 80, 0), 40)]
)
async def test_windows_are_days_of_when_it_happened(
    shop: Shop, clock: ManualClock, minutes: tuple[int, ...], points: int
) -> None:
    """Three a day count, on the day on which they happened, however late they come. It is 23:13 now."""
    await shop.saved()
    await shop.launch()
    opened_ms = clock()
    clock.advance(2 * DAY_MS)
    for minute in minutes:
        await shop.bought(happened_ms=opened_ms + minute * 60_000)
    await shop.process()
    assert shop.points() == points


async def test_the_window_ends_while_events_wait(shop: Shop, clock: ManualClock) -> None:
    """An event of the last moment counts for its window, and one of the next moment for the next."""
    await shop.saved(times_per_window=1)
    await shop.launch()
    midnight_ms = STARTED_MS - STARTED_MS % DAY_MS + 2 * DAY_MS - 8 * HOUR_MS  # in Asia/Shanghai
    clock.now_ms = midnight_ms + HOUR_MS
    for offset_ms in (-1, -2, 0, 1):
        await shop.bought(happened_ms=midnight_ms + offset_ms)
    await shop.process()
    assert shop.points() == 20


async def test_only_what_happened_while_it_was_open(shop: Shop, clock: ManualClock) -> None:
    """Before it opens and from its close on nothing counts; what comes later than it happened does."""
    await shop.saved()
    await shop.launch()
    opened_ms = clock()
    clock.now_ms = CLOSES_MS + DAY_MS
    for at_ms in (opened_ms - 1, opened_ms, CLOSES_MS - 1, CLOSES_MS):
        await shop.bought(happened_ms=at_ms)
    await shop.process()
    assert shop.points() == 20


async def test_what_happened_before_the_end_counts(shop: Shop, clock: ManualClock) -> None:
    """When a manager ends the campaign, events of before still count when they come."""
    await shop.saved()
    await shop.launch()
    clock.advance(HOUR_MS)
    await shop.office.done("POST", f"campaigns/{shop.campaign_id}/end")
    clock.advance(HOUR_MS)
    for before_ms in (0, HOUR_MS, HOUR_MS + 1):
        await shop.bought(happened_ms=clock() - before_ms)
    await shop.process()
    assert shop.points() == 10


async def test_a_draft_earns_nothing(shop: Shop) -> None:
    """Events are processed all the same, and do not wait for the launch."""
    await shop.saved()
    await shop.bought()
    assert await shop.process() == 1
    await shop.launch()
    assert await shop.process() == 0
    assert await shop.rewards() == {}


async def test_filters(shop: Shop) -> None:
    """Only events that pass them count."""
    filters: list[dict[str, Any]] = [
        {"attribute": "store", "kind": "is", "values": ["north", "south"]},
        {"attribute": "items", "kind": "at_least", "values": [2]},
    ]
    await shop.saved(filters=filters)
    await shop.launch()
    await shop.bought(store="north", items=2)
    await shop.bought(store="north", items=1)
    await shop.bought(store="east", items=2)
    await shop.bought(store="south")
    await shop.process()
    assert shop.points() == 10


async def test_a_chain_opens_whatever_came_first(shop: Shop) -> None:
    """Progress counts from the start; the reward waits for what has to be done before."""
    await shop.saved("buy")
    await shop.saved("review", event_type="review.created", prerequisites=["buy"])
    await shop.saved("share", event_type="share.created", prerequisites=["review"])
    await shop.launch()
    await shop.sender.sent("share.created", channel="weibo")
    await shop.sender.sent("review.created")
    await shop.process()
    assert await shop.rewards() == {}
    await shop.bought(occurrence="order-1")
    await shop.process()
    assert await shop.rewards() == dict.fromkeys(["task:buy:1", "task:review:1", "task:share:1"], "given")
    await shop.took_back("order-1")
    await shop.settled()
    assert set((await shop.rewards()).values()) == {"returned"}
    assert shop.points() == 0


async def test_a_reversal_takes_back_what_is_unspent(shop: Shop) -> None:
    """The progress and the points; what is earned anew is a reward of its own."""
    await shop.saved()
    await shop.launch()
    await shop.bought(occurrence="order-1")
    await shop.process()
    await shop.took_back("order-1")
    await shop.settled()
    assert (await shop.rewards(), shop.points()) == ({"task:buy:1": "returned"}, 0)
    await shop.bought(occurrence="order-2")
    await shop.process()
    assert await shop.rewards() == {"task:buy:1": "returned", "task:buy:1.2": "given"}
    assert shop.points() == 10


async def test_what_is_spent_is_owed(shop: Shop, ledger: FakeLedger) -> None:
    """Nobody's balance goes below zero: the debt is withheld of the next reward."""
    await shop.saved()
    await shop.launch()
    await shop.bought(occurrence="order-1")
    await shop.process()
    ledger.balances["player:acme.ann"] -= 10
    ledger.balances["issuer"] += 10
    await shop.took_back("order-1")
    await shop.settled()
    assert shop.points() == 0
    await shop.bought(occurrence="order-2")
    await shop.settled()
    assert shop.points() == 0
    await shop.bought(occurrence="order-3")
    await shop.settled()
    assert shop.points() == 10


async def test_a_reversal_that_comes_first(shop: Shop) -> None:
    """Then its original never counts."""
    await shop.saved()
    await shop.launch()
    await shop.took_back("order-1")
    await shop.bought(occurrence="order-1")
    await shop.process()
    assert await shop.rewards() == {}


async def test_the_cap_over_all_players(shop: Shop) -> None:
    """It is first come, first served; a place that was taken back stays its player's."""
    await shop.saved(times_overall=2)
    await shop.launch()
    for subject in ("ann", "bob", "cat"):
        await shop.bought(subject=subject, occurrence=f"order-{subject}")
        await shop.process()
    assert [shop.points(subject) for subject in ("ann", "bob", "cat")] == [10, 10, 0]
    await shop.took_back("order-ann")
    await shop.bought(subject="cat")
    await shop.settled()
    assert [shop.points(subject) for subject in ("ann", "bob", "cat")] == [0, 10, 0]
    await shop.bought()
    await shop.process()
    assert shop.points() == 10


async def test_segments(shop: Shop) -> None:
    """Only players in one of a task's segments earn it."""
    await shop.saved(segments=["gold", "family"])
    await shop.office.done("PUT", "players/ann/segments", {"segments": ["gold"]})
    await shop.office.done("PUT", "players/bob/segments", {"segments": ["silver"]})
    await shop.launch()
    for subject in ("ann", "bob", "cat"):
        await shop.bought(subject=subject)
    await shop.process()
    assert [shop.points(subject) for subject in ("ann", "bob", "cat")] == [10, 0, 0]


@pytest.mark.parametrize(
    "spelt", ["wechat-group", "WeChat-Group", "ＷＥＣＨＡＴ－ＧＲＯＵＰ", " wechat\u200b-group "]
)
async def test_a_channel_that_is_forbidden_later(shop: Shop, spelt: str) -> None:
    """Shares there count for nothing any more, whatever the task says."""
    await shop.saved("share", event_type="share.created")
    await shop.launch()
    await shop.office.done("PUT", "share-channels", {"forbidden": ["wechat-group"]})
    await shop.sender.sent("share.created", channel=spelt)
    await shop.sender.sent("share.created", channel="weibo")
    await shop.process()
    assert shop.points() == 10


async def test_every_kind_of_reward(shop: Shop, resources: Resources) -> None:
    """Codes, chances and badges are given, and taken back while they are unused."""
    badge = Badge(badge_id="fan", name=Text(zh="粉", en="Fan"), description=Text(zh="粉", en="Fan"))
    async with resources.pool.acquire() as conn:
        await define_badge(conn, badge, campaign_id=shop.campaign_id)
    await shop.saved("tea", reward=TEA, times_overall=5)
    await shop.saved("chances", reward=CHANCES)
    await shop.saved("badge", reward=BADGE)
    await shop.launch()
    await shop.bought(occurrence="order-1")
    await shop.process()
    sources = ["task:badge:1", "task:chances:1", "task:tea:1"]
    assert await shop.rewards() == dict.fromkeys(sources, "given")
    await shop.took_back("order-1")
    await shop.settled()
    assert await shop.rewards() == dict.fromkeys(sources, "returned")


async def test_an_event_at_fault_harms_no_other(shop: Shop, resources: Resources, clock: ManualClock) -> None:
    """It waits for another attempt with its reason; those of the same batch are done."""
    await shop.saved(sum_of="amount_fen", target=100)
    await shop.launch()
    fault = "ALTER TABLE task_progress ADD CONSTRAINT planted CHECK (progress <> 666)"
    await resources.pool.execute(fault)
    for subject, amount_fen in (("ann", 100), ("bob", 666), ("cat", 100)):
        await shop.bought(subject=subject, amount_fen=amount_fen)
    await shop.process()
    assert [shop.points(subject) for subject in ("ann", "bob", "cat")] == [10, 0, 10]
    [waiting] = await shop.office.events(state="stored")
    assert (waiting["subject"], waiting["attempts"]) == ("bob", 1)
    assert "planted" in waiting["reason"]
    await resources.pool.execute("ALTER TABLE task_progress DROP CONSTRAINT planted")
    clock.advance(HOUR_MS)
    await shop.process()
    assert shop.points("bob") == 30
