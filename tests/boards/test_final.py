"""The end of seasons: frozen once, rewarded once, and found however late."""

import asyncio
from typing import Any

import pytest

from game.boards.final_store import seasons_over
from game.boards.freezing import freeze_seasons
from game.boards.rewarding import reward_seasons
from game.ledger.service import RESEND_AFTER_MS, resend_due
from game.resources import Resources
from tests.boards.hall import Hall, ended, prize
from tests.campaigns.office import DAY_MS, HOUR_MS, rfc3339
from tests.support.service import STARTED_MS

pytestmark = pytest.mark.asyncio

REWARDS = [prize(1, 1, amount=500), prize(2, 3, "voucher", item="tea")]
OVER_MS = 11 * DAY_MS
LATER = rfc3339(STARTED_MS + 90 * DAY_MS)


async def played(hall: Hall, *subjects: str, **changes: Any) -> None:
    """A launched campaign in which each of these bought once, in this order."""
    await hall.saved(**({"rewards": REWARDS} | changes))
    await hall.shop.launch()
    for subject in subjects:
        hall.shop.office.clock.advance(1_000)
        await hall.shop.bought(subject)
    await hall.counted()


async def rewards(hall: Hall) -> dict[str, list[str]]:
    """The sources of the rewards of boards, by subject."""
    rows = await hall.shop.resources.pool.fetch(
        "SELECT subject, source FROM reward JOIN player USING (player_id)"
        " WHERE source LIKE 'board:%' ORDER BY source"
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["subject"], []).append(row["source"].removeprefix("board:best:"))
    return found


async def test_a_season_is_rewarded_once(hall: Hall, resources: Resources) -> None:
    """After its grace, by any number of processes and runs."""
    await played(hall, "ann", "bob", "cat", "dan")
    clock = hall.shop.office.clock
    clock.advance(10 * DAY_MS)
    assert await ended(resources) == 0
    clock.advance(DAY_MS)
    assert sum(await asyncio.gather(*(freeze_seasons(resources) for _ in range(3)))) == 1
    assert sum(await asyncio.gather(*(reward_seasons(resources) for _ in range(3)))) == 3
    assert await ended(resources) == 0
    assert await rewards(hall) == {"ann": ["all:1"], "bob": ["all:2"], "cat": ["all:3"]}
    clock.advance(RESEND_AFTER_MS)
    await resend_due(resources)
    assert hall.shop.points("ann") == 510
    taken = "SELECT count(*) FROM voucher WHERE reward_id IS NOT NULL"
    assert await resources.pool.fetchval(taken) == 2


async def test_what_is_final_stays(hall: Hall, resources: Resources) -> None:
    """What is told or taken back later changes neither ranks nor rewards, and is told so."""
    await played(hall, "ann", "bob")
    hall.shop.office.clock.advance(5 * DAY_MS)
    await hall.shop.bought("cat", occurrence="back")
    await hall.counted()
    hall.shop.office.clock.advance(OVER_MS - 5 * DAY_MS)
    assert await ended(resources) == 1
    before = (await hall.top(), await rewards(hall))
    await hall.shop.took_back("back", "cat")
    for _ in range(3):
        await hall.shop.bought("bob", happened_ms=STARTED_MS + 2 * DAY_MS)
    await hall.counted()
    assert (await hall.top(), await rewards(hall)) == before
    mine = await hall.mine("bob")
    assert (mine["season"]["state"], mine["rank"], mine["score"], mine["reward"]["kind"]) == (
        "final", 2, 1, "voucher",
    )  # fmt: skip


async def test_what_comes_in_the_grace_counts(hall: Hall, resources: Resources) -> None:
    """By when it happened; also what came in time and is processed after the end of the grace."""
    await played(hall, "ann", "bob")
    hall.shop.office.clock.advance(10 * DAY_MS + HOUR_MS)
    await hall.shop.bought("bob", happened_ms=STARTED_MS + 2 * DAY_MS)
    hall.shop.office.clock.advance(DAY_MS)
    assert await ended(resources) == 0
    await hall.shop.process()
    assert await ended(resources) == 1
    assert await rewards(hall) == {"bob": ["all:1"], "ann": ["all:2"]}


async def test_missed_seasons_are_found(hall: Hall, resources: Resources) -> None:
    """All that ended while nothing ran; each is rewarded, and the present one goes on."""
    await played(hall, "ann", seasons="day", grace_hours=1, rewards=[prize(1, 1, amount=5)])
    for _ in range(3):
        hall.shop.office.clock.advance(DAY_MS)
        await hall.shop.bought("bob")
    await hall.counted()
    assert await ended(resources) == 3
    found = await rewards(hall)
    assert (len(found["ann"]), len(found["bob"])) == (1, 2)
    states = await resources.pool.fetch(
        "SELECT frozen_ms IS NOT NULL AS is_frozen, rewarded_ms IS NOT NULL AS is_rewarded"
        " FROM board_season ORDER BY starts_ms"
    )
    assert [tuple(row) for row in states] == [(True, True)] * 3 + [(False, False)] * 8


async def test_a_campaign_that_is_ended_ends_its_seasons(hall: Hall, resources: Resources) -> None:
    """After the grace from then on, those to come too, without a winner."""
    await played(hall, "ann", seasons="week", grace_hours=2)
    await hall.shop.office.done("POST", f"campaigns/{hall.shop.campaign_id}/end")
    hall.shop.office.clock.advance(HOUR_MS)
    assert await ended(resources) == 0
    hall.shop.office.clock.advance(HOUR_MS)
    assert await ended(resources) == 2
    assert list(await rewards(hall)) == ["ann"]


async def test_the_least_score_is_asked_for(hall: Hall, resources: Resources) -> None:
    """Ranks below it earn nothing."""
    await played(hall, "ann", "bob", "bob", least_score=2)
    assert (await hall.mine("ann"))["reward"] is None
    assert (await hall.mine("ann"))["next_reward"]["to_rank"] == 1
    hall.shop.office.clock.advance(OVER_MS)
    assert await ended(resources) == 1
    assert await rewards(hall) == {"bob": ["all:1"]}


async def test_every_kind_of_prize_is_given(hall: Hall, resources: Resources) -> None:
    """Chances and badges too."""
    badge = "INSERT INTO badge VALUES ($1, 'first', '冠军', 'First', '冠军', 'The first')"
    await resources.pool.execute(badge, hall.shop.campaign_id)
    chances = prize(2, 2, "chances", 3, expires_at=LATER)
    await played(hall, "ann", "bob", rewards=[prize(1, 1, "badge", item="first"), chances])
    hall.shop.office.clock.advance(OVER_MS)
    assert await ended(resources) == 1
    assert await resources.pool.fetchval("SELECT badge_id FROM badge_award") == "first"
    assert await resources.pool.fetchval("SELECT units_left FROM chance_lot") == 3


async def test_many_ranks_are_rewarded_in_parts(hall: Hall, resources: Resources) -> None:
    """As many in one transaction as are bounded, and all of them in the end."""
    await played(hall, rewards=[prize(1, 1_000)])
    await resources.pool.execute(
        "WITH many AS (INSERT INTO player SELECT gen_random_uuid(), 'acme', 'p' || n, 1"
        " FROM generate_series(1, 450) AS n RETURNING player_id)"
        " INSERT INTO board_standing (campaign_id, board_id, season, player_id, score, reached_ms)"
        " SELECT $1, 'best', 'all', player_id, 1, 1 FROM many",
        hall.shop.campaign_id,
    )
    hall.shop.office.clock.advance(OVER_MS)
    assert await freeze_seasons(resources) == 1
    assert [await reward_seasons(resources) for _ in range(4)] == [200, 200, 50, 0]
    assert len(await rewards(hall)) == 450


async def test_the_launch_demands_all_rewards(hall: Hall, resources: Resources) -> None:
    """Of every season; a board that is removed promises nothing."""
    await hall.saved(seasons="day", rewards=REWARDS)
    promised = "SELECT points, vouchers FROM promise WHERE source = 'board:best'"
    assert tuple(await resources.pool.fetchrow(promised) or ()) == (11 * 500, '{"tea": 22}')
    assert (await hall.shop.office.ask("DELETE", f"{hall.path}/best")).status_code == 204
    assert tuple(await resources.pool.fetchrow(promised) or ()) == (0, "{}")


REFUSED: list[tuple[list[dict[str, Any]], str]] = [
    ([prize(2, 1)], "$.rewards[0].from_rank"),
    ([prize(1, 3), prize(3, 4)], "$.rewards[1].from_rank"),
    ([prize(1, 1_001)], "$.rewards[0].to_rank"),
    ([prize(1, 1, "voucher")], "$.rewards[0].prize.item"),
    ([prize(1, 1, "badge", item="none")], "$.rewards[0].prize.item"),
    ([prize(1, 1, "chances")], "$.rewards[0].prize.expires_at"),
    ([prize(1, 1, "chances", expires_at=rfc3339(STARTED_MS + DAY_MS))], "$.rewards[0].prize.expires_at"),
    ([prize(1, 1, "voucher", 2, item="tea")], "$.rewards[0].prize.amount"),
    ([prize(1, 1, "chances", 1_001, expires_at=LATER)], "$.rewards[0].prize.amount"),
]


@pytest.mark.parametrize(("given", "field"), REFUSED)
async def test_what_cannot_be_given_is_refused(hall: Hall, given: list[dict[str, Any]], field: str) -> None:
    """With the field that breaks the rule."""
    answer = await hall.put(rewards=given)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_seasons_that_wait_hold_up_no_others(hall: Hall, resources: Resources) -> None:
    """However many wait, and for however long: each run looks at others."""
    await hall.saved("draws", metric="draws")
    await played(hall, "ann")
    hall.shop.office.clock.advance(OVER_MS)
    async with resources.pool.acquire() as conn:
        looks = [await seasons_over(conn, now_ms=hall.shop.office.clock(), limit=1) for _ in range(64)]
    assert {key.board_id for keys in looks for key in keys} == {"best", "draws"}
