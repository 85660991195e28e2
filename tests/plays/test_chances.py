"""A player's free plays over HTTP: listed as they are used, by whoever they are, and of nobody else."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
import pytest_asyncio

from game.players import player_id_of
from game.prizes.lots_api import PAGE
from game.prizes.rewards import Reward, give
from tests.support.pools import pool, row, wheel
from tests.support.service import ManualClock
from tests.support.stage import DAY_MS, Guest, Stage, player
from tests.support.tokens import Issuer

FREE_CARDS = pool("cards", row("free", "chances", 2, count=20))
HOUR_MS = DAY_MS // 24

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def ann(stage: Stage, guest: Callable[[str, str], Guest]) -> Guest:
    """A player with points, and a seat at a wheel and with cards that all win two free plays."""
    made = guest(await stage.launch(wheel(rows=[row("thanks", weight=1)]), FREE_CARDS), "ann")
    stage.fund("ann", 1_000)
    for pool_id in ("wheel", "cards"):
        await made.sit(pool_id)
    return made


async def listed(guest: Guest, query: str = "", **headers: str) -> dict[str, Any]:
    """A page of the player's free plays."""
    answer = await guest.send("GET", f"/campaigns/{guest.campaign_id}/me/chances{query}", **headers)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def left(guest: Guest) -> list[int]:
    """How many are left of each lot."""
    return [lot["units_left"] for lot in (await listed(guest))["lots"]]


async def grant_three(stage: Stage, ann: Guest) -> None:
    """Three lots, of which the first two expire at the same time, after the third."""
    for later_ms, (hours, count) in enumerate(((5, 2), (5, 1), (3, 2))):
        await stage.grant(ann.campaign_id, "ann", count, lasts_ms=hours * HOUR_MS - later_ms)
        stage.clock.advance(1)


async def test_they_are_listed_in_the_order_in_which_they_are_used(stage: Stage, ann: Guest) -> None:
    """Oldest expiry first, then the one that was given first; after each play the page says what is left."""
    await grant_three(stage, ann)
    page = await listed(ann)
    assert [(lot["granted"], lot["expires_at"][11:16]) for lot in page["lots"]] == [
        (2, "17:13"),
        (2, "19:13"),
        (1, "19:13"),
    ]
    assert page["chances_left"] == 5
    seen = [await left(ann)]
    for number in range(5):
        await ann.play("wheel", f"free-{number}", pay_with="chance")
        seen.append(await left(ann))
    assert seen == [[2, 2, 1], [1, 2, 1], [2, 1], [1, 1], [1], []]


async def test_what_has_expired_is_not_there(stage: Stage, ann: Guest, clock: ManualClock) -> None:
    """Neither listed nor in the sum."""
    await grant_three(stage, ann)
    clock.advance(3 * HOUR_MS)
    page = await listed(ann)
    assert (len(page["lots"]), page["chances_left"]) == (2, 3)


@pytest.mark.parametrize(
    ("source", "kind", "words"),
    [
        ("task:shop:1.1", "task", "Task completed"),
        ("streak:daily:7.1", "streak", "Check-in streak"),
        ("set:zodiac:0", "set", "Badge set completed"),
        ("gift:1", "gift", "Gift"),
        ("yesterday", "other", "Reward"),
    ],
)
async def test_what_it_was_given_for(stage: Stage, ann: Guest, source: str, kind: str, words: str) -> None:
    """A code, and the same in words."""
    reward = Reward(
        campaign_id=ann.campaign_id,
        reward_id=stage.resources.new_id(),
        player_id=await player_id_of(stage.resources, player("ann")),
        source=source,
        kind="chances",
        amount=4,
        item=None,
        expires_ms=stage.clock() + HOUR_MS,
    )
    async with stage.resources.pool.acquire() as conn, conn.transaction():
        await give(conn, stage.resources, [reward])
    (lot,) = (await listed(ann))["lots"]
    assert (lot["kind"], lot["source"]["en"], lot["lot_id"]) == (kind, words, str(reward.reward_id))
    # Nobody has earned it, and the audit would say so.
    await stage.resources.pool.execute("DELETE FROM chance_lot")
    await stage.resources.pool.execute("DELETE FROM reward")


async def test_a_managers_are_told_from_prizes(stage: Stage, ann: Guest) -> None:
    """Prizes of draws last until the pool closes."""
    await stage.grant(ann.campaign_id, "ann", 1)
    play = (await ann.play("cards", "card")).json()
    await ann.scratch(play["id"], 1)
    kinds = [(lot["kind"], lot["source"]["zh"]) for lot in (await listed(ann))["lots"]]
    assert kinds == [("manager", "主办方赠送"), ("draw", "抽奖所得")]


async def test_a_covered_ticket_is_not_told(ann: Guest) -> None:
    """What lies under it is neither listed nor in any sum before it is uncovered."""
    play = (await ann.play("cards", "card", 2)).json()
    assert await listed(ann) == {"chances_left": 0, "lots": [], "next": None}
    await ann.scratch(play["id"], 2)
    assert await left(ann) == [2]
    shown = (await ann.send("GET", f"/campaigns/{ann.campaign_id}")).json()
    assert (shown["you"]["chances_left"], (await listed(ann))["chances_left"]) == (2, 2)


async def test_pages_have_a_bound(stage: Stage, ann: Guest) -> None:
    """No lot shows twice or is left out; the sum is that of all pages."""
    for _ in range(PAGE + 1):
        await stage.grant(ann.campaign_id, "ann", 1)
    first = await listed(ann)
    second = await listed(ann, f"?after={first['next']}")
    lots = [lot["lot_id"] for page in (first, second) for lot in page["lots"]]
    assert (len(first["lots"]), len(lots), len(set(lots))) == (PAGE, PAGE + 1, PAGE + 1)
    assert (first["chances_left"], second["chances_left"], second["next"]) == (PAGE + 1, PAGE + 1, None)


async def test_nothing_is_sent_that_has_not_changed(stage: Stage, ann: Guest) -> None:
    """The tag is that of what is left, and changes with it."""
    await stage.grant(ann.campaign_id, "ann", 1)
    path = f"/campaigns/{ann.campaign_id}/me/chances"
    tag = (await ann.send("GET", path)).headers["etag"]
    assert (await ann.send("GET", path, **{"If-None-Match": tag})).status_code == 304
    await ann.play("wheel", "free", pay_with="chance")
    assert (await ann.send("GET", path, **{"If-None-Match": tag})).status_code == 200


async def test_they_are_nobody_elses(
    stage: Stage, ann: Guest, guest: Callable[[str, str], Guest], app_client: httpx.AsyncClient,
    other_issuer: Issuer,
) -> None:  # fmt: skip
    """Another player has none, another brand no such campaign, and a manager is no player."""
    await stage.grant(ann.campaign_id, "ann", 1)
    assert (await listed(guest(ann.campaign_id, "bo")))["lots"] == []
    stranger = Guest(app_client, other_issuer, ann.campaign_id, "ann")
    path = f"/campaigns/{ann.campaign_id}/me/chances"
    answer = await stranger.send("GET", path)
    assert (answer.status_code, answer.json()["code"]) == (404, "campaign_not_found")
    manager = await ann.client.get(f"/v1{path}", headers=ann.issuer.headers("mei", "manager"))
    assert (manager.status_code, manager.json()["code"]) == (403, "role_required")
