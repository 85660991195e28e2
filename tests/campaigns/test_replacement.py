"""A live pool is replaced, never edited: at once, or when its plays are finished, or not at all."""

import asyncio

import pytest

from game.campaigns.replacement import publish_replacements
from game.players import player_id_of
from tests.campaigns.office import (
    OPENS_MS,
    Office,
    Someone,
    cards,
    wheel,
    with_row,
)
from tests.campaigns.replacing import TOPPED_UP, actions, replace, states
from tests.support.service import ManualClock


@pytest.mark.asyncio
async def test_a_quiet_pool_is_replaced_at_once(office: Office) -> None:
    """The new pool continues the line; its entry names the old one's, and its secret is its own."""
    campaign_id = await office.launched(wheel())
    response = await replace(office, campaign_id, TOPPED_UP)
    assert response.status_code == 201
    assert await states(office, campaign_id) == {"main": ("replaced", False), "next": ("live", True)}
    old, new = await office.entries(campaign_id)
    assert (new["replaces"], new["rows"][0]["stock"]) == (0, 8)
    assert new["commit"] != old["commit"]
    pools = response.json()["pools"]
    assert [(pool["lineage_id"], pool["replaces"]) for pool in pools] == [("main", None), ("main", "main")]
    assert await actions(office, campaign_id) == ["pool.replace", "pool.replaced"]


@pytest.mark.asyncio
async def test_replacements_form_a_line(office: Office) -> None:
    """The third pool continues the second; the first cannot be replaced twice."""
    campaign_id = await office.launched(wheel())
    await replace(office, campaign_id, TOPPED_UP)
    third = await office.send(
        "POST", f"/{campaign_id}/pools/next/replacement", TOPPED_UP | {"pool_id": "third"}
    )
    assert third.status_code == 201
    assert [pool["lineage_id"] for pool in third.json()["pools"]] == ["main"] * 3
    again = await replace(office, campaign_id, TOPPED_UP | {"pool_id": "fourth"})
    assert (again.status_code, again.json()["code"], again.json()["state"]) == (409, "pool_state", "replaced")


@pytest.mark.asyncio
@pytest.mark.parametrize("state", ["funding", "resolving", "paid", "review"])
async def test_unfinished_plays_are_waited_for(office: Office, state: str) -> None:
    """Meanwhile the old pool accepts nothing; a background step finishes it, once."""
    campaign_id = await office.launched(wheel())
    await office.start_play(campaign_id, "main", state=state)
    response = await replace(office, campaign_id, TOPPED_UP)
    assert response.status_code == 202
    assert await states(office, campaign_id) == {"main": ("draining", False), "next": ("draft", False)}
    assert await publish_replacements(office.resources) == 0
    await office.give_up_plays(campaign_id)
    assert await publish_replacements(office.resources) == 1
    assert await states(office, campaign_id) == {"main": ("replaced", False), "next": ("live", True)}
    assert await publish_replacements(office.resources) == 0
    assert len(await office.entries(campaign_id)) == 2


@pytest.mark.asyncio
async def test_steps_on_several_processes_publish_once(office: Office) -> None:
    """They wait for one another and find it done."""
    campaign_id = await office.launched(wheel())
    await office.start_play(campaign_id, "main")
    await replace(office, campaign_id, TOPPED_UP)
    await office.give_up_plays(campaign_id)
    await asyncio.gather(*(publish_replacements(office.resources) for _ in range(3)))
    assert len(await office.entries(campaign_id)) == 2
    assert (await actions(office, campaign_id)).count("pool.replaced") == 1


WORSE = [
    (with_row(TOPPED_UP, 0, weight=0), "$.rows[0].weight"),
    (with_row(TOPPED_UP, 0, stock=4), "$.rows[0].stock"),
    (with_row(TOPPED_UP, 0, **{"from": 2}), "$.rows[0].from"),
    (TOPPED_UP | {"price_points": 51}, "$.price_points"),
    (with_row(TOPPED_UP, 0, id="car"), "$.rows"),
    (cards(pool_id="next"), "$.game"),
]


@pytest.mark.asyncio
async def test_a_table_that_leaves_somebody_worse_off_is_refused(office: Office) -> None:
    """The field is named, the old pool plays on, and no draft is left."""
    campaign_id = await office.launched(wheel())
    for table, field in WORSE:
        response = await replace(office, campaign_id, table)
        problem = response.json()
        assert (response.status_code, problem["code"], problem["field"]) == (422, "rule_broken", field)
    assert await states(office, campaign_id) == {"main": ("live", True)}
    assert await actions(office, campaign_id) == []


@pytest.mark.asyncio
async def test_a_replacement_is_measured_against_what_is_left(office: Office) -> None:
    """Four of five phones are won: a stock of one leaves nobody worse off, none does."""
    campaign_id = await office.launched(wheel())
    await office.resources.pool.execute(
        "UPDATE pool_row SET units_left = 1, units_won = 4 WHERE row_id = 'phone'"
    )
    refused = await replace(office, campaign_id, with_row(TOPPED_UP, 0, stock=0))
    assert refused.json()["field"] == "$.rows[0].stock"
    assert (await replace(office, campaign_id, with_row(TOPPED_UP, 0, stock=1))).status_code == 201


@pytest.mark.asyncio
async def test_what_is_used_up_need_not_be_refilled(office: Office) -> None:
    """Here alone a stock may be 0."""
    campaign_id = await office.launched(wheel())
    await office.resources.pool.execute(
        "UPDATE pool_row SET units_left = 0, units_won = 5 WHERE row_id = 'phone'"
    )
    assert (await replace(office, campaign_id, with_row(TOPPED_UP, 0, stock=0))).status_code == 201


@pytest.mark.asyncio
async def test_a_paused_campaign_is_replaced_and_stays_paused(office: Office) -> None:
    """The new pool accepts plays when the campaign is resumed."""
    campaign_id = await office.launched(wheel())
    await office.post(f"/{campaign_id}/pause")
    assert (await replace(office, campaign_id, TOPPED_UP)).status_code == 201
    assert (await states(office, campaign_id))["next"] == ("live", False)
    await office.post(f"/{campaign_id}/resume")
    assert await states(office, campaign_id) == {"main": ("replaced", False), "next": ("live", True)}


@pytest.mark.asyncio
async def test_seats_of_a_replaced_pool_lapse(office: Office) -> None:
    """Its unused draws are gone; the player's seats elsewhere are not."""
    campaign_id = await office.launched(wheel(), wheel(pool_id="other"))
    player_id = await player_id_of(office.resources, Someone("ann"))
    for index, pool_id in enumerate(("main", "other")):
        await office.resources.pool.execute(
            "INSERT INTO seat (campaign_id, seat_id, pool_id, player_id, state, anchor, seed, entry_index,"
            " leaf_hash, seat_draws) VALUES ($1, $2, $3, $4, 'live', sha256($2), '', $5, sha256($2), 32)",
            campaign_id, bytes([index]) * 16, pool_id, player_id, index,
        )  # fmt: skip
    await replace(office, campaign_id, TOPPED_UP)
    rows = await office.resources.pool.fetch("SELECT pool_id, state FROM seat ORDER BY pool_id")
    assert [tuple(row) for row in rows] == [("main", "lapsed"), ("other", "live")]


@pytest.mark.asyncio
async def test_a_sealed_pool_waits_for_every_seat(office: Office) -> None:
    """A seat that was logged and not drawn keeps the old pool from being replaced; its draw lets it go on."""
    table = wheel(beacon={"delay": 2}, seat_draws=1)
    campaign_id = await office.launched(table)
    player_id = await player_id_of(office.resources, Someone("ann"))
    await office.resources.pool.execute(
        "INSERT INTO seat (campaign_id, seat_id, pool_id, player_id, state, anchor, seed, entry_index,"
        " leaf_hash, seat_draws) VALUES ($1, substr(sha256('a'), 1, 16), 'main', $2, 'live', sha256('a'), '',"
        " 0, sha256('a'), 1)",
        campaign_id, player_id,
    )  # fmt: skip
    response = await replace(office, campaign_id, table | {"pool_id": "next"})
    assert (response.status_code, response.json()["code"]) == (422, "rule_broken")
    assert "1 sealed seats are without their draw" in response.json()["rule"]
    assert (await states(office, campaign_id))["main"] == ("live", True)


@pytest.mark.asyncio
async def test_a_replacement_opens_when_the_campaign_does(office: Office, clock: ManualClock) -> None:
    """Before the campaign opens it waits for that; afterwards it is open at once."""
    campaign_id = await office.launched(wheel())
    await replace(office, campaign_id, TOPPED_UP)
    clock.now_ms = OPENS_MS + 5
    await office.send("POST", f"/{campaign_id}/pools/next/replacement", TOPPED_UP | {"pool_id": "third"})
    assert [entry["opens"] for entry in await office.entries(campaign_id)] == [
        OPENS_MS,
        OPENS_MS,
        OPENS_MS + 5,
    ]


@pytest.mark.asyncio
async def test_what_cannot_be_replaced(office: Office) -> None:
    """A pool that is not there, a taken id, a draft campaign, one that has ended."""
    campaign_id, draft = await office.launched(wheel()), await office.draft(wheel())
    nothing = await office.send("POST", f"/{campaign_id}/pools/none/replacement", TOPPED_UP)
    taken = await replace(office, campaign_id, wheel())
    of_draft = await replace(office, draft, TOPPED_UP)
    await office.post(f"/{campaign_id}/end")
    of_ended = await replace(office, campaign_id, TOPPED_UP)
    codes = [(r.status_code, r.json()["code"]) for r in (nothing, taken, of_draft, of_ended)]
    assert codes == [
        (404, "pool_not_found"),
        (409, "pool_id_taken"),
        (409, "campaign_state"),
        (409, "campaign_state"),
    ]


@pytest.mark.asyncio
async def test_a_campaign_has_at_most_64_pools(office: Office) -> None:
    """The next one is refused with the limit."""
    campaign_id = await office.draft()
    await office.resources.pool.execute(
        "INSERT INTO pool (campaign_id, pool_id, lineage_id, game, state, price_points, seat_draws)"
        " SELECT $1, 'p-' || n, 'p-' || n, 'wheel', 'draft', 1, 1 FROM generate_series(1, 64) AS n",
        campaign_id,
    )
    response = await office.send("POST", f"/{campaign_id}/pools", wheel())
    problem = response.json()
    assert (response.status_code, problem["code"], problem["limit"]) == (409, "too_many_pools", 64)
