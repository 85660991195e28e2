"""What binds the operator to the terms of sets and tasks: launches that check them, texts that are hashed."""

import hashlib
from typing import Any

import msgspec
import pytest
import rfc8785

from game.campaigns.promises import TERMS_BYTES_MAX, check_size
from game.campaigns.records import Promise
from game.errors import Exhausted
from tests.badges.album import Album, badge_set, wheel
from tests.boards.hall import board
from tests.campaigns.office import CLOSES_MS, DAY_MS, OPENS_MS, Office, campaign, rfc3339
from tests.tasks.diary import streak
from tests.tasks.shop import task

SET = badge_set()


async def ready(office: Office, **changes: Any) -> Album:
    """A draft that could be launched, with a task, a streak, a board, and a set that needs 12 draws."""
    album = await Album.drafted(office)
    await album.write("sets/spring", badge_set(**changes))
    for path, body in (
        ("tasks/buy", task(times_overall=10)),
        ("streaks/daily", streak()),
        ("boards/best", board()),
    ):
        saved = await office.send("PUT", f"/{album.campaign_id}/{path}", body)
        assert saved.status_code == 200, saved.text
    await office.post(f"/{album.campaign_id}/pools", wheel())
    office.ledger.fund(f"campaign:{album.campaign_id}:budget", 10_000)
    return album


async def edit(album: Album, **changes: Any) -> None:
    """Edit the campaign, which must succeed."""
    shown = await album.office.show(album.campaign_id)
    edited = {"campaign": campaign(**changes), "version": shown["version"]}
    answer = await album.office.send("PUT", f"/{album.campaign_id}", edited)
    assert answer.is_success, answer.text


async def launch(album: Album) -> dict[str, Any]:
    """Ask for the launch; the answer."""
    answer = await album.office.send("POST", f"/{album.campaign_id}/launch")
    said: dict[str, Any] = answer.json()
    return said


async def rules(album: Album, pool_id: str = "main") -> bytes:
    """The rules text of a pool, which must be what its entry committed to."""
    path = f"/v1/campaigns/{album.campaign_id}"
    text = (await album.office.client.get(f"{path}/rules/{pool_id}")).content
    [pool] = [
        each for each in (await album.office.client.get(path)).json()["pools"] if each["pool_id"] == pool_id
    ]
    assert pool["commitment"]["rules_sha256"] == hashlib.sha256(text).hexdigest()
    return text


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("limits", "numbers"),
    [
        ({"total": 11}, {"limit_total": 11, "limit_per_day": None}),
        ({"per_day": 1}, {"limit_total": None, "limit_per_day": 1, "days": 11}),
    ],
)
async def test_limits_that_are_lowered_later(
    office: Office, limits: dict[str, int], numbers: dict[str, int]
) -> None:
    """A set that could be saved is looked at again by the launch: 12 draws are not within these."""
    album = await ready(office)
    await edit(album, limits=limits)
    refused = await launch(album)
    assert (refused["code"], refused["needed_draws"]) == ("no_guaranteed_path", 12)
    assert {name: refused[name] for name in numbers} == numbers
    await edit(album, limits={"total": 12})
    assert (await launch(album))["campaign_id"] == album.campaign_id


@pytest.mark.asyncio
async def test_pools_with_too_few_draws(office: Office) -> None:
    """Where all pools together cannot make so many draws, no player can."""
    album = await ready(office)
    await office.send("DELETE", f"/{album.campaign_id}/pools/main")
    await office.post(f"/{album.campaign_id}/pools", wheel() | {"draws_cap": 11})
    refused = await launch(album)
    assert (refused["code"], refused["draws_in_pools"]) == ("no_guaranteed_path", 11)


@pytest.mark.asyncio
async def test_a_close_that_is_put_off(office: Office) -> None:
    """Then the time for redeeming would end before the campaign."""
    album = await ready(office)
    await office.send("DELETE", f"/{album.campaign_id}/boards/best")
    later = {
        "opens": rfc3339(OPENS_MS),
        "closes": rfc3339(CLOSES_MS + DAY_MS),
        "time_zone": "Asia/Shanghai",
    }
    await edit(album, schedule=later)
    refused = await launch(album)
    assert (refused["code"], refused["field"]) == ("rule_broken", "$.schedule.closes")
    assert (refused["until_ms"], refused["closes_ms"]) == (CLOSES_MS, CLOSES_MS + DAY_MS)


@pytest.mark.asyncio
async def test_an_auditor_finds_the_terms_in_what_was_hashed(office: Office) -> None:
    """Whoever hashes the public rules text finds the entry's hash, and in the text all that was promised."""
    album = await ready(office)
    await launch(album)
    text = await rules(album)
    said = msgspec.json.decode(text)
    assert rfc8785.dumps(said) == text
    assert list(said["promised"]) == ["board:best", "set:spring", "streak", "task"]
    assert said["promised"]["board:best"]["metric"] == "tasks"
    assert [each["days"] for each in said["promised"]["streak"]["daily"]["milestones"]] == [2, 4]
    mine = await album.mine("ann")
    assert said["promised"]["set:spring"] == mine["terms"]
    assert mine["bound_by"] == [{"pool_id": "main", "rules_sha256": hashlib.sha256(text).hexdigest()}]
    buy = said["promised"]["task"]["buy"]
    assert (buy["reward"]["amount"], buy["times_overall"]) == (10, 10)


@pytest.mark.asyncio
async def test_a_pool_that_follows_publishes_the_same(office: Office) -> None:
    """Nothing that was promised is lost with the first pool."""
    album = await ready(office)
    await launch(album)
    path = f"/{album.campaign_id}/pools/main/replacement"
    replaced = await office.send("POST", path, wheel() | {"pool_id": "next"})
    assert replaced.is_success, replaced.text
    first, second = [msgspec.json.decode(await rules(album, each)) for each in ("main", "next")]
    assert first["promised"] == second["promised"]
    assert [each["pool_id"] for each in (await album.mine("ann"))["bound_by"]] == ["main", "next"]


@pytest.mark.asyncio
async def test_a_campaign_without_promises(office: Office) -> None:
    """It publishes what it did before there were any; so does one whose set was removed."""
    album = await Album.drafted(office)
    await album.write("sets/spring", SET)
    await office.send("DELETE", f"/{album.campaign_id}/sets/spring")
    await office.post(f"/{album.campaign_id}/pools", wheel())
    await launch(album)
    assert "promised" not in msgspec.json.decode(await rules(album))


def test_terms_have_a_limit() -> None:
    """Each pool publishes all of them again."""
    terms = {"buy": "x" * TERMS_BYTES_MAX}
    with pytest.raises(Exhausted) as refused:
        check_size(Promise(points=0, vouchers={}, terms=terms))
    assert refused.value.numbers["limit"] == TERMS_BYTES_MAX
