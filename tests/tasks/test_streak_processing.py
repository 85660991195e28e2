"""What check-ins make of streaks: days, freezes, milestones and their rewards, given and taken back."""

import pytest

from game.resources import Resources
from tests.campaigns.office import CLOSES_MS, DAY_MS, HOUR_MS
from tests.support.service import ManualClock
from tests.tasks.diary import NOON_MS, Diary, milestone
from tests.tasks.shop import Shop

pytestmark = pytest.mark.asyncio

TEA = {"kind": "voucher", "amount": 1, "item": "tea"}


@pytest.fixture
def diary(shop: Shop) -> Diary:
    """The shop, as far as streaks go."""
    return Diary(shop)


async def test_milestones_are_paid_once(diary: Diary) -> None:
    """However often and in whichever order check-ins come; a second run pays nothing again."""
    await diary.opened(milestones=[milestone(2), milestone(3)])
    diary.now_is(9)
    for number in (2, 0, 1, 1, 0):
        await diary.came(number, nth=number)
    await diary.kept(5, 6, 7, 8)
    assert await diary.shop.rewards() == {"streak:daily:2": "given", "streak:daily:3": "given"}
    assert diary.shop.points() == 50


async def test_a_freeze_bridges_a_missed_day(diary: Diary) -> None:
    """It was earned by three days in a row; the second missed day finds none."""
    await diary.opened()
    diary.now_is(7)
    await diary.kept(0, 1, 2, 4)
    assert await diary.shop.rewards() == {"streak:daily:2": "given", "streak:daily:4": "given"}
    assert await diary.states() == "cccfcmmo"
    mine = await diary.mine()
    assert (mine["current"], mine["longest"], mine["freezes"]) == (0, 4, 0)


async def test_a_day_stands_while_an_event_stands(diary: Diary) -> None:
    """Of two check-ins of a day one is taken back: the day stays; with the other it goes."""
    await diary.opened(milestones=[milestone(2)])
    diary.now_is(1)
    await diary.came(1, nth=1)
    await diary.kept(0, 1)
    await diary.came_not(1, nth=1)
    await diary.shop.settled()
    assert (await diary.shop.rewards(), diary.shop.points()) == ({"streak:daily:2": "given"}, 20)
    await diary.came_not(1)
    await diary.shop.settled()
    assert (await diary.shop.rewards(), diary.shop.points()) == ({"streak:daily:2": "returned"}, 0)
    assert await diary.states() == "co"


async def test_reached_again_it_is_another_reward(diary: Diary) -> None:
    """The next generation of the milestone, in the place that the first one had."""
    await diary.opened(milestones=[milestone(2, times_overall=1)])
    diary.now_is(3)
    await diary.kept(0, 1)
    await diary.came_not(1)
    await diary.shop.settled()
    await diary.kept(0, 1, subject="bob")
    assert diary.shop.points("bob") == 0
    await diary.came(1, nth=1)
    await diary.shop.settled()
    assert await diary.shop.rewards() == {"streak:daily:2": "returned", "streak:daily:2.2": "given"}
    assert diary.shop.points() == 20


async def test_a_late_check_in_joins_two_runs(diary: Diary) -> None:
    """What is reached by it is paid, whenever it comes."""
    await diary.opened()
    diary.now_is(9)
    await diary.kept(0, 1, 3)
    assert diary.shop.points() == 20
    await diary.kept(2)
    assert diary.shop.points() == 60


async def test_the_cap_over_all_players(diary: Diary) -> None:
    """It is first come, first served."""
    await diary.opened(milestones=[milestone(1, times_overall=2)])
    for subject in ("ann", "bob", "cat"):
        await diary.kept(0, subject=subject)
    assert [diary.shop.points(subject) for subject in ("ann", "bob", "cat")] == [10, 10, 0]
    mine = await diary.mine(subject="dan")
    assert mine["next"]["is_full"] is True


async def test_tasks_and_streaks_of_one_event(diary: Diary, resources: Resources) -> None:
    """Both are given in one transaction, codes too, and both are taken back."""
    await diary.shop.saved("tea", event_type="checkin.created", reward=TEA, times_overall=5)
    await diary.opened(milestones=[milestone(1, reward=TEA, times_overall=5)])
    await diary.kept(0)
    sources = ["streak:daily:1", "task:tea:1"]
    assert await diary.shop.rewards() == dict.fromkeys(sources, "given")
    taken = "SELECT count(*) FROM voucher WHERE reward_id IS NOT NULL"
    assert await resources.pool.fetchval(taken) == 2
    await diary.came_not(0)
    await diary.shop.settled()
    assert await diary.shop.rewards() == dict.fromkeys(sources, "returned")
    assert await resources.pool.fetchval(taken) == 0


async def test_only_what_happened_while_it_was_open(diary: Diary, clock: ManualClock) -> None:
    """Neither before nor after; at the end of the campaign the streak stays as it was."""
    await diary.opened(milestones=[milestone(1)])
    clock.now_ms = CLOSES_MS + 3 * DAY_MS
    for at_ms in (NOON_MS - DAY_MS, CLOSES_MS):
        await diary.shop.sender.sent("checkin.created", happened_ms=at_ms)
    await diary.shop.process()
    assert diary.shop.points() == 0
    for at_ms in (CLOSES_MS - DAY_MS, CLOSES_MS - 1):
        await diary.shop.sender.sent("checkin.created", happened_ms=at_ms)
    await diary.shop.process()
    assert diary.shop.points() == 10
    mine = await diary.mine()
    assert (mine["current"], mine["unavailable"]) == (2, "campaign_ended")


async def test_the_day_ends_while_events_wait(diary: Diary) -> None:
    """A check-in of the last moment counts for its day, and one of the next moment for the next."""
    await diary.opened(milestones=[milestone(2)])
    diary.now_is(3)
    midnight_ms = NOON_MS + 12 * HOUR_MS
    for offset_ms in (0, -1):
        await diary.shop.sender.sent("checkin.created", happened_ms=midnight_ms + offset_ms)
    await diary.shop.process()
    assert diary.shop.points() == 20


async def test_filters(diary: Diary) -> None:
    """Only events that pass them check a day."""
    at_gym = {"attribute": "place", "kind": "is", "values": ["gym"]}
    await diary.opened(milestones=[milestone(1)], filters=[at_gym])
    await diary.shop.sender.sent("checkin.created", place="pub")
    await diary.shop.process()
    assert diary.shop.points() == 0
    await diary.shop.sender.sent("checkin.created", place="gym")
    await diary.shop.process()
    assert diary.shop.points() == 10
