"""Brands are told of streaks that are about to break: once for each day, at the player's own time."""

import asyncio
import json
from typing import Any

import pytest
import pytest_asyncio

from game.db.statements import load
from game.resources import Resources
from game.tasks.expiring import tell_of_streaks
from game.tasks.risk_rules import EXPIRING_MS
from tests.campaigns.office import CLOSES_MS, DAY_MS, HOUR_MS, rfc3339
from tests.support.service import ManualClock
from tests.tasks.diary import NOON_MS, POLICY, Diary, day
from tests.tasks.shop import Shop

pytestmark = pytest.mark.asyncio

NO_FREEZES = POLICY | {"freezes_held": 0}
# When day 2 is about to end in Shanghai.
DUE_MS = NOON_MS + 2 * DAY_MS + 12 * HOUR_MS - EXPIRING_MS


@pytest_asyncio.fixture
async def diary(shop: Shop) -> Diary:
    """A shop whose brand wants to hear of streaks, and who ann came to on two days."""
    endpoint = {"url": "https://acme.example/hook", "types": ["streak.expiring"]}
    await shop.office.done("POST", "webhook-endpoints", endpoint)
    made = Diary(shop)
    await made.opened(milestones=[], policy=NO_FREEZES)
    made.now_is(1)
    await made.kept(0, 1)
    return made


async def told(diary: Diary) -> list[dict[str, Any]]:
    """What was told in its order, after the step has done all that is due."""
    while await tell_of_streaks(diary.shop.resources):
        pass
    rows = await diary.shop.resources.pool.fetch("SELECT data FROM webhook_delivery ORDER BY position")
    return [json.loads(row["data"]) for row in rows]


async def test_it_is_told_some_hours_before(diary: Diary, clock: ManualClock) -> None:
    """With the day, the run and when the day ends; once, however often the step runs."""
    clock.now_ms = DUE_MS - 1
    assert await told(diary) == []
    clock.now_ms = DUE_MS
    for _ in range(2):
        assert await told(diary) == [
            {
                "campaign": diary.shop.campaign_id,
                "streak": "daily",
                "day": day(2),
                "run": 2,
                "ends_at": rfc3339(DUE_MS + EXPIRING_MS),
            }
        ]


async def test_whoever_came_is_left_alone(diary: Diary, clock: ManualClock) -> None:
    """Until the next day; a check-in that is taken back puts the day at risk again."""
    diary.now_is(2)
    await diary.kept(2)
    clock.now_ms = DUE_MS
    assert await told(diary) == []
    await diary.came_not(2)
    await diary.shop.process()
    assert [each["day"] for each in await told(diary)] == [day(2)]
    await diary.came(2, nth=1)
    await diary.came_not(2, nth=1)
    await diary.shop.process()
    assert len(await told(diary)) == 1
    await diary.came(2, nth=2)
    await diary.shop.process()
    clock.advance(DAY_MS)
    assert [each["run"] for each in await told(diary)] == [2, 3]


async def test_a_run_of_one_day_is_not_worth_it(diary: Diary, clock: ManualClock) -> None:
    """And what is over is over: nothing is told of a day that has passed."""
    diary.now_is(1)
    await diary.kept(1, subject="bob")
    clock.now_ms = DUE_MS + EXPIRING_MS
    assert await told(diary) == []


async def test_a_freeze_covers_a_day(shop: Shop, clock: ManualClock) -> None:
    """The day after it is told."""
    await shop.office.done(
        "POST", "webhook-endpoints", {"url": "https://acme.example/hook", "types": ["streak.expiring"]}
    )
    diary = Diary(shop)
    await diary.opened(milestones=[], policy=POLICY | {"freeze_every": 2})
    diary.now_is(1)
    await diary.kept(0, 1)
    clock.now_ms = DUE_MS
    assert await told(diary) == []
    clock.advance(DAY_MS)
    assert [each["day"] for each in await told(diary)] == [day(3)]


async def test_the_day_ends_where_the_player_is(diary: Diary, clock: ManualClock) -> None:
    """Seven hours later in London, to which ann flew on the day before; a new zone has it judged anew."""
    await diary.shop.office.client.put(
        "/v1/me/time-zone",
        json={"time_zone": "Europe/London"},
        headers=diary.shop.office.issuer.headers("ann"),
    )
    clock.now_ms = DUE_MS
    assert await told(diary) == []
    clock.advance(7 * HOUR_MS)
    assert [each["ends_at"] for each in await told(diary)] == [rfc3339(DUE_MS + 7 * HOUR_MS + EXPIRING_MS)]


async def test_the_last_day_of_a_campaign_breaks_nothing(diary: Diary, clock: ManualClock) -> None:
    """Neither by its close nor by a manager's end."""
    diary.now_is(8)
    await diary.kept(7, 8)
    clock.now_ms = CLOSES_MS - HOUR_MS
    assert [each["day"] for each in await told(diary)] == []
    await diary.kept(*range(2, 7))
    await diary.shop.office.done("POST", f"campaigns/{diary.shop.campaign_id}/end")
    assert [each["day"] for each in await told(diary)] == []


async def test_several_processes_tell_once(diary: Diary, resources: Resources, clock: ManualClock) -> None:
    """They share the rows."""
    for subject in ("bob", "cat", "dan"):
        await diary.kept(0, 1, subject=subject)
    clock.now_ms = DUE_MS
    assert sum(await asyncio.gather(*(tell_of_streaks(resources) for _ in range(4)))) == 4
    assert len(await told(diary)) == 4


async def test_it_is_found_by_its_time(resources: Resources) -> None:
    """The claim reads an index, not the players."""
    async with resources.pool.acquire() as conn, conn.transaction():
        await conn.execute("SET LOCAL enable_seqscan = off")
        plan = await conn.fetch(f"EXPLAIN {load('game.tasks')['claim_risks']}", DUE_MS, 500)
    assert any("streak_risk_due" in row[0] for row in plan)
