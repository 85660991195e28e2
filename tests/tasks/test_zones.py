"""A player's time zone: chosen, waiting, refused, and what it does to the windows of tasks."""

from typing import Any

import httpx
import pytest

from game.players import player_id_of
from game.tasks.days import CHANGES_MAX, CHANGES_MS
from tests.campaigns.office import DAY_MS, HOUR_MS, Someone, rfc3339
from tests.support.service import STARTED_MS, ManualClock
from tests.tasks.shop import Shop

pytestmark = pytest.mark.asyncio

PATH = "/v1/me/time-zone"
# 22:13 in Shanghai when the tests start.
MIDNIGHT_MS = STARTED_MS - STARTED_MS % DAY_MS + DAY_MS - 8 * HOUR_MS


async def choose(shop: Shop, name: str) -> httpx.Response:
    """Ask for a zone as ann."""
    headers = shop.office.issuer.headers("ann")
    return await shop.office.client.put(PATH, json={"time_zone": name}, headers=headers)


async def chosen(shop: Shop, name: str) -> dict[str, Any]:
    """A zone that must be taken; the answer."""
    answer = await choose(shop, name)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def shown(shop: Shop, **headers: str) -> httpx.Response:
    """What ann sees."""
    return await shop.office.client.get(PATH, headers=shop.office.issuer.headers("ann") | headers)


async def test_the_zone_of_nobody(shop: Shop) -> None:
    """Whoever chose none has none; polling costs no body."""
    first = await shown(shop)
    assert first.json() == {"time_zone": None, "next": None, "changeable_at": None}
    same = await shown(shop, **{"If-None-Match": first.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")


async def test_another_zone_waits_for_midnight(shop: Shop, clock: ManualClock) -> None:
    """It is told from when on it counts; asking for the one in force drops what waits."""
    assert (await chosen(shop, "Asia/Shanghai"))["time_zone"] == "Asia/Shanghai"
    waits = {"time_zone": "Europe/London", "since": rfc3339(MIDNIGHT_MS)}
    for _ in range(2):
        assert await chosen(shop, "Europe/London") == {
            "time_zone": "Asia/Shanghai", "next": waits, "changeable_at": None,
        }  # fmt: skip
    assert (await chosen(shop, "Asia/Shanghai"))["next"] is None
    assert (await chosen(shop, "Asia/Tokyo"))["next"]["time_zone"] == "Asia/Tokyo"
    clock.now_ms = MIDNIGHT_MS
    assert (await shown(shop)).json() == {"time_zone": "Asia/Tokyo", "next": None, "changeable_at": None}


@pytest.mark.parametrize("name", ["Mars/Base", "Asia", "../UTC", "asia/shanghai", "localtime", "Factory"])
async def test_no_such_zone(shop: Shop, name: str) -> None:
    """Only names of the IANA database are taken."""
    refused = await choose(shop, name)
    assert (refused.status_code, refused.json()["code"]) == (422, "rule_broken")
    assert refused.json()["field"] == "$.time_zone"


async def test_too_many_changes(shop: Shop, clock: ManualClock) -> None:
    """The refusal says from when on; the one in force may be asked for at any time."""
    await chosen(shop, "UTC")
    names = ["Asia/Tokyo", "Asia/Shanghai"] * CHANGES_MAX
    for name in names[:CHANGES_MAX]:
        await chosen(shop, name)
        clock.advance(2 * DAY_MS)
    refused = await choose(shop, "Asia/Tokyo")
    assert (refused.status_code, refused.json()["code"]) == (409, "time_zone_changes")
    first_ms = STARTED_MS - STARTED_MS % DAY_MS + DAY_MS
    assert refused.json()["opens_ms"] == first_ms + CHANGES_MS
    unchanged = await chosen(shop, "Asia/Shanghai")
    assert unchanged["changeable_at"] == rfc3339(first_ms + CHANGES_MS)
    clock.now_ms = first_ms + CHANGES_MS
    assert (await chosen(shop, "Asia/Tokyo"))["next"]["time_zone"] == "Asia/Tokyo"


async def test_windows_are_the_players_own_days(shop: Shop, clock: ManualClock) -> None:
    """The campaign's day to its end, then the player's: the same evening in London is a new window.

    It is Monday in Shanghai, ends at 16:00 UTC, and goes on as Monday in London: once a day is once.
    """
    await shop.saved(times_per_window=1)
    await shop.launch()
    assert (await shop.mine())["window_ends_at"] == rfc3339(MIDNIGHT_MS)
    await chosen(shop, "Europe/London")
    ends_ms = MIDNIGHT_MS + 7 * HOUR_MS  # of Monday in London, where it is summer
    assert (await shop.mine())["window_ends_at"] == rfc3339(ends_ms)
    clock.now_ms = ends_ms + HOUR_MS
    for at_ms in (MIDNIGHT_MS - 1, MIDNIGHT_MS, ends_ms - 1, ends_ms):
        await shop.bought(happened_ms=at_ms)
    await shop.process()
    assert shop.points() == 20
    await shop.bought(subject="bob", happened_ms=MIDNIGHT_MS - 1)
    await shop.bought(subject="bob", happened_ms=MIDNIGHT_MS)
    await shop.process()
    assert shop.points("bob") == 20


async def test_an_erased_player_has_no_zone(shop: Shop) -> None:
    """It goes with the player's row."""
    await chosen(shop, "Asia/Tokyo")
    ann = await player_id_of(shop.resources, Someone("ann"))
    await shop.resources.pool.execute("DELETE FROM player WHERE player_id = $1", ann)
    assert await shop.resources.pool.fetchval("SELECT count(*) FROM player_zone") == 0
