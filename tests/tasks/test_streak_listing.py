"""What players see of their streaks: today, what comes next, the calendar, in their own days."""

import pytest

from tests.campaigns.office import CLOSES_MS, HOUR_MS, rfc3339
from tests.support.service import ManualClock
from tests.tasks.diary import NOON_MS, Diary, day
from tests.tasks.shop import Shop

pytestmark = pytest.mark.asyncio


@pytest.fixture
def diary(shop: Shop) -> Diary:
    """The shop, as far as streaks go."""
    return Diary(shop)


async def test_today_is_open_until_it_is_checked(diary: Diary) -> None:
    """With when it ends, and what the next milestone asks for."""
    await diary.opened()
    mine = await diary.mine()
    assert mine["today"] == {"day": day(0), "state": "open", "ends_at": rfc3339(NOON_MS + 12 * HOUR_MS)}
    assert (mine["current"], mine["begun"], mine["freezes_held"]) == (0, None, 1)
    assert (mine["next"]["days"], mine["next"]["days_to_go"]) == (2, 2)
    assert mine["unavailable"] is None
    await diary.kept(0)
    mine = await diary.mine()
    assert (mine["today"]["state"], mine["current"], mine["begun"]) == ("checked", 1, day(0))
    diary.now_is(1)
    await diary.kept(1)
    mine = await diary.mine()
    assert (mine["next"]["days"], mine["next"]["days_to_go"]) == (4, 2)
    assert mine["next"]["reward"]["amount"] == 40
    diary.now_is(3)
    await diary.kept(2, 3)
    assert (await diary.mine())["next"] is None


async def test_the_calendar_of_a_month(diary: Diary) -> None:
    """From the first checked day to today; other months are empty."""
    await diary.opened()
    diary.now_is(9)
    await diary.kept(0, 1, 3, 4, 8)
    answer = await diary.shop.me("GET", "streaks/daily/calendar?month=2026-09")
    shown = answer.json()
    assert shown["month"] == "2026-09"
    assert [each["day"] for each in shown["days"]] == [day(number) for number in range(9)]
    assert [each["run"] for each in shown["days"]] == [1, 2, 0, 1, 2, 0, 0, 0, 1]
    assert await diary.states("2026-10") == "o"
    assert await diary.states("2026-08") == ""


@pytest.mark.parametrize("month", ["2026", "2026-13", "26-01", "2026-1", "2026-01-01"])
async def test_no_such_month(diary: Diary, month: str) -> None:
    """A month is a year and two digits."""
    await diary.opened()
    refused = await diary.shop.me("GET", f"streaks/daily/calendar?month={month}")
    assert refused.status_code == 422


async def test_days_are_those_of_the_players_zone(diary: Diary) -> None:
    """From the evening on that the player chose: the day ends seven hours later in London."""
    await diary.opened()
    await diary.kept(0)
    headers = diary.shop.office.issuer.headers("ann")
    await diary.shop.office.client.put(
        "/v1/me/time-zone", json={"time_zone": "Europe/London"}, headers=headers
    )
    assert (await diary.mine())["today"]["ends_at"] == rfc3339(NOON_MS + 19 * HOUR_MS)
    diary.now_is(1)
    await diary.came(0, hours=18, nth=1)
    await diary.came(0, hours=20, nth=2)
    await diary.shop.process()
    assert (await diary.mine())["current"] == 2
    assert await diary.states() == "cc"


async def test_what_has_not_changed_is_not_sent(diary: Diary) -> None:
    """Streaks and calendars have a tag, which changes with the day."""
    await diary.opened()
    for path in ("streaks", "streaks/daily/calendar?month=2026-09"):
        diary.now_is(0)
        first = await diary.shop.me("GET", path)
        wanted = {"If-None-Match": first.headers["etag"]}
        url = f"/v1/campaigns/{diary.shop.campaign_id}/me/{path}"
        for number, status in ((0, 304), (1, 200)):
            diary.now_is(number)
            headers = diary.shop.office.issuer.headers("ann") | wanted
            assert (await diary.shop.office.client.get(url, headers=headers)).status_code == status


async def test_before_and_after(diary: Diary, clock: ManualClock) -> None:
    """A draft is not there; before it opens and after its close nothing can be checked, and it says why."""
    await diary.saved()
    hidden = await diary.shop.me("GET", "streaks")
    assert (hidden.status_code, hidden.json()["code"]) == (404, "campaign_not_found")
    await diary.shop.office.done("POST", f"campaigns/{diary.shop.campaign_id}/launch")
    assert (await diary.mine())["unavailable"] == "not_open_yet"
    diary.now_is(1)
    await diary.kept(0, 1)
    clock.now_ms = CLOSES_MS
    mine = await diary.mine()
    assert (mine["unavailable"], mine["longest"]) == ("campaign_ended", 2)
    unknown = await diary.shop.me("GET", "streaks/none/calendar?month=2026-09")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "streak_not_found")


async def test_an_ended_campaign_keeps_its_streaks(diary: Diary) -> None:
    """When a manager ends it, no day after that is missed."""
    await diary.opened()
    diary.now_is(1)
    await diary.kept(0, 1)
    await diary.shop.office.done("POST", f"campaigns/{diary.shop.campaign_id}/end")
    diary.now_is(5)
    mine = await diary.mine()
    assert (mine["unavailable"], mine["current"], mine["today"]["day"]) == ("campaign_ended", 2, day(1))
