"""Writing a campaign: what is stored, what is refused, and what the change log says."""

from typing import Any

import pytest

from tests.campaigns.office import (
    CLOSES_MS,
    OPENS_MS,
    Office,
    campaign,
    cards,
    prize,
    rfc3339,
    wheel,
    with_row,
)
from tests.support.service import STARTED_MS, ManualClock


def schedule(**changes: Any) -> dict[str, Any]:
    """The usual schedule with changes."""
    return {"schedule": campaign()["schedule"] | changes}


@pytest.mark.asyncio
async def test_a_draft_reads_back_as_it_was_written(office: Office) -> None:
    """Both languages, the schedule, the limits, and who made it."""
    made = await office.post("", campaign())
    assert made["state"] == "draft"
    assert made["version"] == 1
    assert made["name"] == {"zh": "转盘", "en": "Wheel"}
    assert made["schedule"]["opens"] == rfc3339(OPENS_MS)
    assert made["limits"] == {"per_day": 5, "total": 20}
    assert made["created_by"] == "mia"
    assert made["budget_account"] == f"campaign:{made['campaign_id']}:budget"
    assert await office.show(made["campaign_id"]) == made


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        (schedule(time_zone="Asia/Shangri-La"), "$.schedule.time_zone"),
        (schedule(opens="1969-12-31T23:59:59Z"), "$.schedule.opens"),
        (schedule(closes=rfc3339(OPENS_MS)), "$.schedule.closes"),
        (schedule(opens=rfc3339(STARTED_MS - 2), closes=rfc3339(STARTED_MS)), "$.schedule.closes"),
        (schedule(closes="9999-12-31T23:59:59-12:00"), "$.schedule.closes"),
    ],
)
async def test_an_impossible_schedule_is_refused(office: Office, changes: dict[str, Any], field: str) -> None:
    """The refusal names the field and the rule."""
    response = await office.send("POST", "", campaign(**changes))
    problem = response.json()
    assert (response.status_code, problem["code"], problem["field"]) == (422, "rule_broken", field)
    assert problem["rule"]


@pytest.mark.asyncio
async def test_an_edit_needs_the_newest_version(office: Office) -> None:
    """Two managers who read the same version: the second is told, and nothing of the first is lost."""
    campaign_id = await office.draft()
    body = {"version": 1, "campaign": campaign(limits={"per_day": 7})}
    first = await office.send("PUT", f"/{campaign_id}", body)
    second = await office.send("PUT", f"/{campaign_id}", body | {"campaign": campaign()}, subject="max")
    assert (first.status_code, first.json()["version"]) == (200, 2)
    assert (second.status_code, second.json()["code"]) == (409, "version_mismatch")
    assert second.json()["version"] == 2
    assert (await office.show(campaign_id))["limits"] == {"per_day": 7, "total": None}


@pytest.mark.asyncio
async def test_the_change_log_has_old_and_new_values(office: Office) -> None:
    """Each action once, in order, with who did it; of an edit only what it changed."""
    campaign_id = await office.draft(wheel())
    changes = campaign(limits={"per_day": 7, "total": 20})
    await office.send("PUT", f"/{campaign_id}", {"version": 2, "campaign": changes}, subject="max")
    await office.add_codes(campaign_id, 3)
    await office.send("DELETE", f"/{campaign_id}/pools/main")
    found = await office.changes(campaign_id)
    assert [(change["action"], change["actor"]) for change in found] == [
        ("campaign.create", "mia"),
        ("pool.add", "mia"),
        ("campaign.edit", "max"),
        ("vouchers.add", "mia"),
        ("pool.remove", "mia"),
    ]
    assert (found[2]["old"], found[2]["new"]) == ({"limit_per_day": 5}, {"limit_per_day": 7})
    assert found[1]["new"]["rows"][0]["else"] == "tea"
    assert found[4]["old"] == found[1]["new"]
    assert "TEA-" not in str(found)


@pytest.mark.asyncio
async def test_the_change_log_has_pages(office: Office) -> None:
    """A page after the last change of the one before is empty."""
    campaign_id = await office.draft()
    assert [change["index"] for change in await office.changes(campaign_id)] == [0]
    response = await office.send("GET", f"/{campaign_id}/changes?start=1")
    assert response.json() == {"changes": [], "next": None}


@pytest.mark.asyncio
async def test_pools_read_back_as_they_were_written(office: Office) -> None:
    """A wheel with every kind of bound, and an urn that is capped by its tickets."""
    guarantee, beacon = {"draws": 10, "rows": 2}, {"delay": 3}
    table = with_row(wheel(guarantee=guarantee, beacon=beacon), 0, **{"from": 4})
    campaign_id = await office.draft(table, cards())
    by_id = {pool["pool_id"]: pool for pool in (await office.show(campaign_id))["pools"]}
    main, urn = by_id["main"], by_id["cards"]
    assert (main["guarantee"], main["beacon_delay"], main["draws_cap"]) == (guarantee, 3, 1000)
    phone = main["rows"][0]
    assert [phone[name] for name in ("weight", "stock", "limit", "from", "else")] == [1, 5, 1, 4, "tea"]
    assert (phone["units_left"], phone["prize"]["kind"]) == (5, "goods")
    assert main["rows"][1]["voucher_batch"] == "tea"
    assert main["rows"][2]["units_left"] is None
    assert urn["draws_cap"] == 100
    assert [row["units_left"] for row in urn["rows"]] == [1, 9, 90]
    assert main["state"] == "draft"
    assert main["entry_index"] is None


BROKEN_TABLES = [
    (with_row(wheel(), 0, weight=None), "$.rows[0].weight"),
    (with_row(wheel(), 0, count=1), "$.rows[0].count"),
    (with_row(cards(), 1, stock=1), "$.rows[1].stock"),
    (with_row(cards(), 1, **{"from": 2}), "$.rows[1].from"),
    (with_row(cards(), 1, count=0), "$.rows[1].count"),
    (with_row(wheel(), 0, **{"else": None}), "$.rows[0].else"),
    (with_row(wheel(), 1, **{"else": "phone"}), "$.rows[1].else"),
    (with_row(wheel(), 3, stock=5), "$.rows[3]"),
    (with_row(wheel(), 1, id="phone"), "$.rows[1].id"),
    (with_row(wheel(), 0, stock=0), "$.rows[0].stock"),
    (wheel(rows=[{"id": "none", "weight": 0, "prize": prize()}]), "$.rows"),
    (cards(rows=[{"id": "none", "count": 0, "prize": prize()}]), "$.rows"),
    (wheel(guarantee={"draws": 2, "rows": 4}), "$.guarantee.rows"),
    (cards(guarantee={"draws": 2, "rows": 1}), "$.guarantee"),
    (cards(draws_cap=99), "$.draws_cap"),
    (wheel(draws_cap=0), "$.draws_cap"),
    (wheel(draws_cap=None), "$.draws_cap"),
    (with_row(wheel(), 2, prize=prize("points", 0)), "$.rows[2].prize.amount"),
    (with_row(wheel(), 3, prize=prize("nothing", 1)), "$.rows[3].prize.amount"),
    (with_row(wheel(), 0, prize=prize("goods", 2)), "$.rows[0].prize.amount"),
    (with_row(wheel(), 1, prize=prize("voucher")), "$.rows[1].prize.voucher_batch"),
    (with_row(wheel(), 0, prize=prize("goods", voucher_batch="tea")), "$.rows[0].prize.voucher_batch"),
]


@pytest.mark.asyncio
async def test_a_table_that_breaks_a_rule_is_refused_with_its_field(office: Office) -> None:
    """Each rule of section 3 of the protocol and of our own; nothing is stored."""
    campaign_id = await office.draft()
    for table, field in BROKEN_TABLES:
        response = await office.send("POST", f"/{campaign_id}/pools", table)
        problem = response.json()
        assert (response.status_code, problem["code"], problem["field"]) == (422, "rule_broken", field)
        assert problem["rule"], field
    assert (await office.show(campaign_id))["pools"] == []


@pytest.mark.asyncio
async def test_a_pool_of_a_campaign_that_is_over_is_refused(office: Office, clock: ManualClock) -> None:
    """Its table is in order; the schedule of its campaign is not any more."""
    campaign_id = await office.draft()
    clock.now_ms = CLOSES_MS
    response = await office.send("POST", f"/{campaign_id}/pools", wheel())
    problem = response.json()
    assert (response.status_code, problem["code"], problem["field"]) == (
        422,
        "rule_broken",
        "$.schedule.closes",
    )


@pytest.mark.asyncio
async def test_what_the_types_forbid_is_refused_with_its_path(office: Office) -> None:
    """A weight beyond 2^32, a name without Chinese, an unknown field, a kind that is none."""
    campaign_id = await office.draft()
    for table, path in [
        (with_row(wheel(), 0, weight=2**32 + 1), "$.rows[0].weight"),
        (with_row(wheel(), 0, prize=prize("goods", name={"en": "x"})), "$.rows[0].prize.name"),
        (wheel(winner="ann"), "$"),
        (with_row(wheel(), 0, prize=prize("cash")), "$.rows[0].prize.kind"),
        (wheel(rows=[]), "$.rows"),
        (with_row(wheel(), 0, prize=prize("goods", name={"zh": "a\u0000", "en": "b"})), "$"),
    ]:
        response = await office.send("POST", f"/{campaign_id}/pools", table)
        problem = response.json()
        assert (response.status_code, problem["code"], problem["field"]) == (422, "invalid_body", path)


@pytest.mark.asyncio
async def test_a_pool_id_stands_once(office: Office) -> None:
    """The second pool of an id is refused, and the first stays."""
    campaign_id = await office.draft(wheel())
    response = await office.send("POST", f"/{campaign_id}/pools", cards(pool_id="main"))
    assert (response.status_code, response.json()["code"]) == (409, "pool_id_taken")
    assert [pool["game"] for pool in (await office.show(campaign_id))["pools"]] == ["wheel"]


@pytest.mark.asyncio
async def test_a_draft_pool_can_be_removed(office: Office) -> None:
    """Once; then it is not there."""
    campaign_id = await office.draft(wheel())
    first = await office.send("DELETE", f"/{campaign_id}/pools/main")
    second = await office.send("DELETE", f"/{campaign_id}/pools/main")
    assert first.status_code == 204
    assert (second.status_code, second.json()["code"]) == (404, "pool_not_found")
    assert (await office.show(campaign_id))["pools"] == []


@pytest.mark.asyncio
async def test_voucher_codes_are_added_once(office: Office) -> None:
    """The same codes again add nothing; what is free and what is needed is shown."""
    campaign_id = await office.draft(wheel())
    assert await office.add_codes(campaign_id, 3) == {"voucher_batch": "tea", "sent": 3, "added": 3}
    assert (await office.add_codes(campaign_id, 5))["added"] == 2
    shown = await office.show(campaign_id)
    assert shown["vouchers"] == [{"voucher_batch": "tea", "needed": 10, "free": 5}]


@pytest.mark.asyncio
async def test_uploads_are_bounded(office: Office) -> None:
    """A thousand codes at a time, each of printable characters."""
    campaign_id = await office.draft()
    too_many = {"voucher_batch": "tea", "codes": [f"T{number}" for number in range(1001)]}
    for body in (too_many, {"voucher_batch": "tea", "codes": ["a b"]}, {"voucher_batch": "tea", "codes": []}):
        response = await office.send("POST", f"/{campaign_id}/vouchers", body)
        assert (response.status_code, response.json()["code"]) == (422, "invalid_body")


@pytest.mark.asyncio
async def test_lists_are_of_the_brand_and_in_the_order_of_ids(office: Office) -> None:
    """Drafts are among them; `after` goes on from an id."""
    ids = sorted([await office.draft(), await office.draft(), await office.draft()])
    listed = (await office.send("GET", "")).json()
    assert [found["campaign_id"] for found in listed["campaigns"]] == ids
    assert listed["next"] is None
    rest = (await office.send("GET", f"?after={ids[0]}")).json()
    assert [found["campaign_id"] for found in rest["campaigns"]] == ids[1:]


@pytest.mark.asyncio
async def test_only_managers_manage(office: Office) -> None:
    """A player's token is not enough, and none is less."""
    body = campaign()
    as_player = await office.client.post(
        "/v1/manage/campaigns", json=body, headers=office.issuer.headers("ann", "player")
    )
    as_nobody = await office.client.post("/v1/manage/campaigns", json=body)
    as_admin = await office.client.post(
        "/v1/manage/campaigns", json=body, headers=office.issuer.headers("ada", "admin")
    )
    assert [r.status_code for r in (as_player, as_nobody, as_admin)] == [403, 401, 201]


@pytest.mark.asyncio
async def test_auditors_read_and_change_nothing(office: Office) -> None:
    """They see drafts, campaigns and the change log of their brand."""
    campaign_id = await office.draft(wheel())
    path, headers = f"/v1/manage/campaigns/{campaign_id}", office.issuer.headers("wei", "auditor")
    for read in ("/v1/manage/campaigns", path, f"{path}/changes"):
        assert (await office.client.get(read, headers=headers)).status_code == 200
    refused = await office.client.post(f"{path}/launch", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "role_required")


@pytest.mark.asyncio
async def test_a_launched_campaign_is_not_edited(office: Office) -> None:
    """Neither its texts nor its pools; the refusal names the state."""
    campaign_id = await office.launched(wheel())
    for method, path, body in [
        ("PUT", "", {"version": 2, "campaign": campaign()}),
        ("POST", "/pools", cards()),
        ("POST", "/launch", None),
    ]:
        response = await office.send(method, f"/{campaign_id}{path}", body)
        problem = response.json()
        assert (response.status_code, problem["code"], problem["state"]) == (409, "campaign_state", "live")
