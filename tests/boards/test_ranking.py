"""Who is where on a board of tasks, and what managers may write."""

from typing import Any

import pytest

from tests.boards.hall import Hall
from tests.campaigns.office import CLOSES_MS, DAY_MS, HOUR_MS, OPENS_MS, campaign, rfc3339

pytestmark = pytest.mark.asyncio


async def test_more_before_less_and_the_first_before_the_second(hall: Hall) -> None:
    """Of two with the same score, whoever reached it first is first, whoever was processed first."""
    await hall.saved()
    await hall.shop.launch()
    hall.shop.office.clock.advance(100)
    now_ms = hall.shop.office.clock()
    for subject, at_ms in (("bob", 5), ("ann", 3), ("cat", 9), ("cat", 4), ("dan", 3)):
        await hall.shop.bought(subject, happened_ms=now_ms - 100 + at_ms)
        await hall.counted()
    first = sorted(("ann", "dan"), key=(await ids(hall)).get)  # type: ignore[arg-type]
    assert await hall.top() == [("cat", 2), *((each, 1) for each in first), ("bob", 1)]


async def ids(hall: Hall) -> dict[str, Any]:
    """The players' ids: the last that ties are decided by."""
    return {each: await hall.player_id(each) for each in ("ann", "dan")}


async def test_an_event_that_comes_late_was_still_the_first(hall: Hall) -> None:
    """The time of a completion is that of its events, also when an earlier one comes after."""
    await hall.shop.saved("two", target=2, window="campaign", times_per_window=1, times_per_player=1)
    await hall.saved(metric="tasks")
    await hall.shop.launch()
    hall.shop.office.clock.advance(100)
    now_ms = hall.shop.office.clock()
    for subject, at_ms in (("ann", 10), ("bob", 11), ("ann", 20), ("bob", 19)):
        await hall.shop.bought(subject, happened_ms=now_ms - 100 + at_ms)
    await hall.counted()
    assert await hall.top() == [("bob", 3), ("ann", 3)]
    await hall.shop.bought("ann", happened_ms=now_ms - 95)
    await hall.counted()
    assert await hall.top() == [("ann", 4), ("bob", 3)]
    rows = await hall.shop.resources.pool.fetch(
        "SELECT at_ms FROM score WHERE metric = 'tasks' AND source = 'two:1' ORDER BY at_ms"
    )
    assert [row["at_ms"] - now_ms + 100 for row in rows] == [10, 19]


async def test_what_is_taken_back_counts_no_more(hall: Hall) -> None:
    """Nor does it hold a rank."""
    await hall.saved()
    await hall.shop.launch()
    await hall.shop.bought("ann", occurrence="a")
    await hall.shop.bought("bob", occurrence="b")
    await hall.counted()
    await hall.shop.took_back("a")
    await hall.counted()
    assert await hall.top() == [("bob", 1)]
    mine = await hall.mine("ann")
    assert (mine["rank"], mine["score"], mine["reason"]) == (None, 0, "no_score")


async def test_progress_is_ranked_by_its_sum(hall: Hall) -> None:
    """Of the task that the board names, and of no other."""
    await hall.shop.saved("spend", sum_of="amount_fen", target=1_000)
    await hall.saved(metric="progress", task="spend")
    await hall.shop.launch()
    for subject, fen in (("ann", 300), ("bob", 500), ("ann", 350)):
        await hall.shop.bought(subject, amount_fen=fen)
    await hall.counted()
    assert await hall.top() == [("ann", 650), ("bob", 500)]


async def test_a_player_sees_what_is_around(hall: Hall) -> None:
    """And how much more it takes to be one rank higher."""
    await hall.saved()
    await hall.shop.launch()
    for count, subject in enumerate(("eve", "dan", "cat", "bob", "ann"), start=1):
        for _ in range(count):
            await hall.shop.bought(subject)
    await hall.counted()
    names = await hall.names()
    mine = await hall.mine("cat", around=1)
    assert (mine["rank"], mine["score"], mine["to_next"], mine["reason"]) == (3, 3, 2, None)
    assert [(names[each["alias"]], each["rank"]) for each in mine["around"]] == [
        ("bob", 2),
        ("cat", 3),
        ("dan", 4),
    ]
    assert names[mine["alias"]] == "cat"
    first = await hall.mine("ann", around=0)
    assert (first["rank"], first["to_next"], len(first["around"])) == (1, None, 1)
    assert (await hall.mine("bob", around=0))["to_next"] == 2


async def test_seasons_count_their_own_time(hall: Hall) -> None:
    """By when it happened, whenever it comes."""
    saved = await hall.saved(seasons="day")
    assert len(saved["seasons"]) == 11
    await hall.shop.launch()
    hall.shop.office.clock.advance(2 * DAY_MS)
    now_ms = hall.shop.office.clock()
    for subject, ago_ms in (("ann", 0), ("bob", DAY_MS), ("bob", 2 * DAY_MS), ("ann", 2 * DAY_MS)):
        await hall.shop.bought(subject, happened_ms=now_ms - ago_ms)
    await hall.counted()
    days = [each["season"] for each in saved["seasons"][:3]]
    assert [await hall.top(season=day) for day in days][1:] == [[("bob", 1)], [("ann", 1)]]
    assert sorted(await hall.top(season=days[0])) == [("ann", 1), ("bob", 1)]
    assert await hall.top() == [("ann", 1)]
    assert (await hall.mine("ann", season=saved["seasons"][5]["season"]))["reason"] == "season_to_come"


async def test_answers_have_tags(hall: Hall) -> None:
    """What has not changed is not sent again."""
    await hall.saved()
    await hall.shop.launch()
    client, path = hall.shop.office.client, f"/v1/campaigns/{hall.shop.campaign_id}/boards"
    for where in (path, f"{path}/best/top"):
        first = await client.get(where)
        again = await client.get(where, headers={"If-None-Match": first.headers["etag"]})
        assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"metric": "progress"}, "$.task"),
    ({"metric": "tasks", "task": "buy"}, "$.task"),
    ({"metric": "progress", "task": "nothing"}, "$.task"),
    ({"metric": "fame"}, "$.metric"),
    ({"grace_hours": 0}, "$.grace_hours"),
    ({"seasons": "year"}, "$.seasons"),
]


@pytest.mark.parametrize(("changes", "field"), REFUSED)
async def test_what_cannot_be_ranked_is_refused(hall: Hall, changes: dict[str, Any], field: str) -> None:
    """With the field that breaks the rule."""
    answer = await hall.put(**changes)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_what_boards_need_stays(hall: Hall) -> None:
    """A task that a board ranks by is not removed, and its seasons hold the schedule, till the board goes."""
    await hall.saved(metric="progress", task="buy")
    ask, where = hall.shop.office.ask, f"campaigns/{hall.shop.campaign_id}"
    assert (await ask("DELETE", f"{hall.shop.path}/buy")).json()["code"] == "task_needed"
    version = (await ask("GET", where)).json()["version"]
    edit = {"version": version, "campaign": campaign()}
    longer = {
        "opens": rfc3339(OPENS_MS),
        "closes": rfc3339(CLOSES_MS + HOUR_MS),
        "time_zone": "Asia/Shanghai",
    }
    moved = await ask("PUT", where, edit | {"campaign": campaign(schedule=longer)})
    assert (moved.status_code, moved.json()["code"]) == (409, "schedule_has_seasons")
    assert (await ask("PUT", where, edit)).is_success
    assert (await ask("DELETE", f"{hall.path}/best")).status_code == 204
    assert (await ask("DELETE", f"{hall.path}/best")).json()["code"] == "board_not_found"
    assert (await ask("DELETE", f"{hall.shop.path}/buy")).status_code == 204


async def test_nothing_changes_after_the_launch(hall: Hall) -> None:
    """Players have seen it."""
    await hall.saved()
    await hall.shop.launch()
    assert (await hall.put(grace_hours=1)).json()["code"] == "campaign_state"
    assert (await hall.shop.office.ask("DELETE", f"{hall.path}/best")).json()["code"] == "campaign_state"
    shown = await hall.shop.office.done("GET", f"{hall.path}/best")
    assert (shown["board"]["grace_hours"], shown["seasons"][0]["state"]) == (24, "open")
