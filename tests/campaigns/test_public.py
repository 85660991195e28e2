"""What everybody sees before paying, and what a player is told of itself."""

from typing import Any

import pytest

from game.audit.service import log_signer
from game.campaigns.service import pool_terms
from game.players import player_id_of
from tests.campaigns.office import (
    CLOSES_MS,
    HOUR_MS,
    OPENS_MS,
    Office,
    Someone,
    campaign,
    cards,
    rfc3339,
    wheel,
    with_row,
)
from tests.support.service import ManualClock
from tests.support.tokens import Issuer


async def take_draws(office: Office, campaign_id: str, *, total: int, today: int, day: str) -> None:
    """Count draws of the player `ann`."""
    player_id = await player_id_of(office.resources, Someone("ann"))
    await office.resources.pool.execute(
        "INSERT INTO participation (campaign_id, player_id, draws_total, draws_today, day)"
        " VALUES ($1, $2, $3, $4, $5::text::date)",
        campaign_id, player_id, total, today, day,
    )  # fmt: skip


def reason(page: dict[str, Any], pool_id: str = "main") -> Any:
    """Why the player may not play a pool; None: it may."""
    [found] = [pool for pool in page["you"]["pools"] if pool["pool_id"] == pool_id]
    assert found["playable"] == (found["reason"] is None)
    return found["reason"]


@pytest.mark.asyncio
async def test_everybody_sees_rules_odds_price_and_stock(office: Office) -> None:
    """Without a token. The odds are the integers of the published table, not reduced."""
    campaign_id = await office.launched(wheel(guarantee={"draws": 10, "rows": 2}), cards())
    response = await office.client.get(f"/v1/campaigns/{campaign_id}")
    page = response.json()
    assert (page["brand_id"], page["state"], page["you"]) == ("acme", "live", None)
    assert page["rules"] == {"zh": "规则", "en": "Rules"}
    assert page["schedule"] == campaign()["schedule"]
    main, urn = page["pools"] if page["pools"][0]["pool_id"] == "main" else reversed(page["pools"])
    assert (main["price_points"], main["draws_left"], main["guarantee"]) == (
        50,
        1000,
        {"draws": 10, "rows": 2},
    )
    assert [row["odds"] for row in main["rows"]] == [
        {"numerator": weight, "denominator": 1000} for weight in (1, 9, 90, 900)
    ]
    assert [row["units_left"] for row in main["rows"]] == [5, 10, None, None]
    assert [row["else"] for row in main["rows"]] == ["tea", "ten", None, None]
    assert main["rows"][2]["prize"] == {
        "kind": "points",
        "amount": 10,
        "badge": None,
        "name": {"zh": "转盘", "en": "Wheel"},
        "value_fen": 100,
        "value_source": "list price",
        "value_date": "2026-09-01",
    }
    assert [row["odds"]["numerator"] for row in urn["rows"]] == [1, 9, 90]
    assert {row["odds"]["denominator"] for row in urn["rows"]} == {100}
    assert urn["draws_left"] == 100


@pytest.mark.asyncio
async def test_the_page_shows_what_is_left_now(office: Office) -> None:
    """Stock and draws as of the last commit; the odds stay those that were published."""
    campaign_id = await office.launched(cards())
    await office.resources.pool.execute(
        "UPDATE pool_row SET units_left = 4, units_won = 5 WHERE row_id = 'silver'"
    )
    await office.resources.pool.execute("UPDATE pool SET draws_reserved = 7")
    [pool] = (await office.client.get(f"/v1/campaigns/{campaign_id}")).json()["pools"]
    assert [row["units_left"] for row in pool["rows"]] == [1, 4, 90]
    assert pool["rows"][1]["odds"] == {"numerator": 9, "denominator": 100}
    assert pool["draws_left"] == 93


@pytest.mark.asyncio
async def test_the_page_shows_what_binds_the_operator(office: Office) -> None:
    """Commitment, hash and place of the entry, the log and its key."""
    campaign_id = await office.launched(wheel())
    page = (await office.client.get(f"/v1/campaigns/{campaign_id}")).json()
    terms = await pool_terms(office.resources, campaign_id=campaign_id, pool_id="main")
    assert page["pools"][0]["commitment"] == {
        "commit": terms.entry.commit,
        "pool_hash": terms.pool_hash.hex(),
        "rules_sha256": terms.entry.rules,
        "entry_index": 0,
    }
    signer = await log_signer(office.resources, campaign_id)
    assert page["log"] == {"origin": f"acme.test/{campaign_id}", "vkey": signer.vkey}


@pytest.mark.asyncio
async def test_the_page_says_what_the_randomness_is(office: Office) -> None:
    """The player's seed, a beacon, or a beacon whose value does not exist yet when the draw is paid."""
    campaign_id = await office.launched(
        cards(pool_id="seed"),
        cards(pool_id="beacon", beacon={"delay": 3}),
        cards(pool_id="sealed", beacon={"delay": 2}, seat_draws=1),
    )
    pools = (await office.client.get(f"/v1/campaigns/{campaign_id}")).json()["pools"]
    found = {pool["pool_id"]: (pool["randomness"], pool["is_sealed"]) for pool in pools}
    assert found == {"seed": ("seed", False), "beacon": ("beacon", False), "sealed": ("beacon", True)}
    assert [pool["beacon"] and pool["beacon"]["delay_rounds"] for pool in pools] == [3, 2, None]


@pytest.mark.asyncio
async def test_drafts_are_not_public(office: Office) -> None:
    """Not listed, not shown, not even with a manager's token; nor are the rules of a draft pool."""
    draft, live = await office.draft(wheel()), await office.launched(wheel())
    listed = (await office.client.get("/v1/campaigns?brand=acme")).json()["campaigns"]
    assert [found["campaign_id"] for found in listed] == [live]
    for headers in ({}, office.issuer.headers("mia", "manager"), office.issuer.headers("ann")):
        for path in (draft, f"{draft}/rules/main"):
            response = await office.client.get(f"/v1/campaigns/{path}", headers=headers)
            assert (response.status_code, response.json()["code"]) == (404, "campaign_not_found")
    rules = await office.client.get(f"/v1/campaigns/{live}/rules/none")
    assert (rules.status_code, rules.json()["code"]) == (404, "pool_not_found")


@pytest.mark.asyncio
async def test_a_waiting_replacement_is_not_public(office: Office) -> None:
    """The old pool is shown as draining, and says so to players."""
    campaign_id = await office.launched(wheel())
    await office.start_play(campaign_id, "main")
    await office.send("POST", f"/{campaign_id}/pools/main/replacement", wheel(pool_id="next"))
    page = await office.as_player(campaign_id)
    assert [(pool["pool_id"], pool["state"]) for pool in page["pools"]] == [("main", "draining")]
    assert reason(page)["code"] == "pool_draining"


@pytest.mark.asyncio
async def test_lists_have_pages(office: Office) -> None:
    """In the order of ids, from one on."""
    ids = sorted([await office.launched(wheel()) for _ in range(3)])
    listed = (await office.client.get(f"/v1/campaigns?brand=acme&after={ids[0]}")).json()
    assert [found["campaign_id"] for found in listed["campaigns"]] == ids[1:]
    assert listed["campaigns"][0]["schedule"]["time_zone"] == "Asia/Shanghai"


@pytest.mark.asyncio
async def test_a_player_sees_its_limits_and_chances(office: Office, clock: ManualClock) -> None:
    """Three today of five, eleven in all of twenty; two free plays that have not expired."""
    campaign_id = await office.launched(wheel())
    clock.now_ms = OPENS_MS
    day = str((await office.resources.pool.fetchval("SELECT to_timestamp($1::bigint / 1000) AT TIME ZONE"
                                                    " 'Asia/Shanghai'", OPENS_MS)).date())  # fmt: skip
    await take_draws(office, campaign_id, total=11, today=3, day=day)
    for source, hours in (("a", 1), ("b", 30)):
        body = {
            "subject": "ann",
            "count": 2,
            "expires_at": rfc3339(OPENS_MS + hours * HOUR_MS),
            "source": source,
        }
        await office.post(f"/{campaign_id}/chances", body)
    you = (await office.as_player(campaign_id))["you"]
    assert you["per_day"] == {"limit": 5, "used": 3, "left": 2}
    assert you["total"] == {"limit": 20, "used": 11, "left": 9}
    assert you["chances_left"] == 4
    clock.advance(HOUR_MS)
    assert (await office.as_player(campaign_id))["you"]["chances_left"] == 2


@pytest.mark.asyncio
async def test_yesterdays_draws_are_not_todays(office: Office, clock: ManualClock) -> None:
    """The count of the day begins anew, the one in all does not."""
    campaign_id = await office.launched(wheel())
    clock.now_ms = OPENS_MS
    await take_draws(office, campaign_id, total=5, today=5, day="2026-01-01")
    page = await office.as_player(campaign_id)
    assert page["you"]["per_day"] == {"limit": 5, "used": 0, "left": 5}
    assert page["you"]["total"]["used"] == 5
    assert reason(page) is None


@pytest.mark.asyncio
async def test_without_limits_there_is_nothing_to_use_up(office: Office) -> None:
    """The limits are null, for everybody and for the player."""
    campaign_id = await office.launched(wheel(), limits={})
    page = await office.as_player(campaign_id)
    assert page["limits"] == {"per_day": None, "total": None}
    assert (page["you"]["per_day"], page["you"]["total"]) == (None, None)


@pytest.mark.asyncio
async def test_a_player_is_told_why_it_may_not_play(office: Office, clock: ManualClock) -> None:
    """The same codes and numbers as a refused play."""
    campaign_id = await office.launched(wheel())
    found = reason(await office.as_player(campaign_id))
    assert (found["code"], found["numbers"]) == ("not_open_yet", {"opens_ms": OPENS_MS})
    clock.now_ms = OPENS_MS
    assert reason(await office.as_player(campaign_id)) is None
    office.ledger.reachable = False
    assert reason(await office.as_player(campaign_id))["code"] == "ledger_unavailable"
    office.ledger.reachable = True
    await office.post(f"/{campaign_id}/pause")
    assert reason(await office.as_player(campaign_id))["code"] == "campaign_paused"
    await office.post(f"/{campaign_id}/end")
    assert reason(await office.as_player(campaign_id))["code"] == "campaign_ended"


@pytest.mark.asyncio
async def test_a_free_pool_needs_no_ledger(office: Office, clock: ManualClock) -> None:
    """Nothing is charged for it."""
    campaign_id = await office.launched(wheel(price_points=0))
    clock.now_ms = OPENS_MS
    office.ledger.reachable = False
    assert reason(await office.as_player(campaign_id)) is None


@pytest.mark.asyncio
async def test_a_closed_pool_says_when_it_closed(office: Office, clock: ManualClock) -> None:
    """By the clock, whether or not the close has been logged."""
    campaign_id = await office.launched(wheel())
    clock.now_ms = CLOSES_MS
    found = reason(await office.as_player(campaign_id))
    assert (found["code"], found["numbers"]) == ("closed", {"closes_ms": CLOSES_MS})


@pytest.mark.asyncio
async def test_a_player_sees_its_live_seat(office: Office) -> None:
    """How many of its draws are not spoken for; another player's seat is not shown."""
    campaign_id = await office.launched(wheel(), cards())
    player_id = await player_id_of(office.resources, Someone("ann"))
    await office.resources.pool.execute(
        "INSERT INTO seat (campaign_id, seat_id, pool_id, player_id, state, anchor, seed, entry_index,"
        " leaf_hash, seat_draws, draws_reserved) VALUES ($1, decode(repeat('ab', 16), 'hex'), 'main', $2,"
        " 'live', sha256('a'), '', 0, sha256('a'), 32, 30)",
        campaign_id, player_id,
    )  # fmt: skip
    seats = {pool["pool_id"]: pool["seat"] for pool in (await office.as_player(campaign_id))["you"]["pools"]}
    assert seats == {"main": {"seat_id": "ab" * 16, "draws_left": 2}, "cards": None}
    others = (await office.as_player(campaign_id, "bob"))["you"]["pools"]
    assert [pool["seat"] for pool in others] == [None, None]


@pytest.mark.asyncio
async def test_rules_texts_are_served_byte_for_byte(office: Office) -> None:
    """In both languages, with the whole table; they never change, so they may be kept."""
    campaign_id = await office.launched(with_row(wheel(), 0, **{"from": 3}))
    response = await office.client.get(f"/v1/campaigns/{campaign_id}/rules/main")
    assert response.headers["content-type"] == "application/json"
    assert "immutable" in response.headers["cache-control"]
    document = response.json()
    assert document["rules"] == {"zh": "规则", "en": "Rules"}
    assert (document["campaign"], document["pool"], document["draws_cap"]) == (campaign_id, "main", 1000)
    assert (document["rows"][0]["from"], document["rows"][0]["else"]) == (3, "tea")
    assert document["closes"] == rfc3339(CLOSES_MS)
    assert list(document) == sorted(document)


@pytest.mark.asyncio
async def test_another_brands_token_finds_nothing(office: Office, other_issuer: Issuer) -> None:
    """Neither the list nor a campaign nor its rules."""
    campaign_id = await office.launched(wheel())
    headers = other_issuer.headers("ann")
    for path, code in [
        ("?brand=acme", "brand_not_found"),
        ("?brand=nobody", "brand_not_found"),
        (f"/{campaign_id}", "campaign_not_found"),
        (f"/{campaign_id}/rules/main", "campaign_not_found"),
    ]:
        response = await office.client.get(f"/v1/campaigns{path}", headers=headers)
        assert (response.status_code, response.json()["code"]) == (404, code)
    mine = await office.client.get("/v1/campaigns?brand=bolt", headers=headers)
    assert mine.json() == {"campaigns": [], "next": None}
    nobody = await office.client.get("/v1/campaigns?brand=nobody")
    assert (nobody.status_code, nobody.json()["code"]) == (404, "brand_not_found")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "path", ["?brand=%00", "/short", "/campaign0001/rules/NOT_A_POOL", "?brand=acme&after=%00"]
)
async def test_ids_that_are_none_are_refused(office: Office, path: str) -> None:
    """Before the database is asked."""
    response = await office.client.get(f"/v1/campaigns{path}")
    assert (response.status_code, response.json()["code"]) == (422, "invalid_parameter")
