"""The launch publishes once, and only what is paid for."""

import asyncio
import hashlib
from typing import Any

import httpx
import pytest

from game.campaigns.service import pool_secret, pool_terms
from game.errors import NotFound
from game.fair.draw import commit
from game.fair.entries import decode, leaf_hash
from game.fair.note import Verifier
from game.fair.receipt import verify_receipt
from game.resources import Resources
from ledger_client.testing import FakeLedger
from tests.campaigns.office import CLOSES_MS, OPENS_MS, Office, campaign, cards, rfc3339, unreachable, wheel
from tests.support.service import STARTED_MS, ManualClock


async def refused(office: Office, campaign_id: str) -> dict[str, Any]:
    """The problem that the launch is refused with; the draft is as it was."""
    before = await office.show(campaign_id)
    response = await office.send("POST", f"/{campaign_id}/launch")
    assert response.is_client_error or response.status_code == 503, response.text
    assert await office.show(campaign_id) == before
    problem = response.json()
    assert isinstance(problem, dict)
    return problem


@pytest.mark.asyncio
async def test_a_launch_writes_every_pool_to_a_new_log(office: Office, resources: Resources) -> None:
    """The entries are the tables, with the hash of the rules, and commit to secrets that only we can open."""
    campaign_id = await office.launched(wheel(), cards())
    entries = {entry["pool"]: entry for entry in await office.entries(campaign_id)}
    shown = await office.show(campaign_id)
    assert shown["state"] == "live"
    assert entries["main"].keys() >= {"commit", "rules", "rows"}
    assert (entries["main"]["opens"], entries["main"]["closes"]) == (OPENS_MS, CLOSES_MS)
    assert (entries["main"]["t"], entries["cards"]["tickets"]) == (STARTED_MS, 100)
    assert entries["main"]["rows"][0] == {"else": "tea", "id": "phone", "limit": 1, "stock": 5, "weight": 1}
    for pool_id, entry in entries.items():
        terms = await pool_terms(resources, campaign_id=campaign_id, pool_id=pool_id)
        assert commit(await pool_secret(resources, terms, "draw")).hex() == entry["commit"]
        rules = await office.client.get(f"/v1/campaigns/{campaign_id}/rules/{pool_id}")
        assert hashlib.sha256(rules.content).hexdigest() == entry["rules"]
    assert entries["main"]["commit"] != entries["cards"]["commit"]


@pytest.mark.asyncio
async def test_the_terms_of_a_pool_are_what_was_launched(office: Office, resources: Resources) -> None:
    """What the plays see: limits, prizes in table order, and the hash of the logged bytes."""
    campaign_id = await office.launched(wheel())
    terms = await pool_terms(resources, campaign_id=campaign_id, pool_id="main")
    logged = await resources.pool.fetchval("SELECT entry FROM log_entry WHERE campaign_id = $1", campaign_id)
    assert terms.entry == decode(logged)
    assert terms.pool_hash == leaf_hash(logged)
    assert (terms.brand_id, terms.limit_per_day, terms.limit_total) == ("acme", 5, 20)
    assert (terms.opens_ms, terms.closes_ms, terms.time_zone) == (OPENS_MS, CLOSES_MS, "Asia/Shanghai")
    assert [prize.row_id for prize in terms.prizes] == ["phone", "tea", "ten", "thanks"]
    assert [(prize.ordinal, prize.kind, prize.amount) for prize in terms.prizes][2] == (2, "points", 10)
    assert terms.prizes[1].voucher_batch == "tea"
    assert await pool_terms(resources, campaign_id=campaign_id, pool_id="main") is terms


@pytest.mark.asyncio
async def test_a_draft_has_no_terms(office: Office, resources: Resources) -> None:
    """Nothing can be played before it is published, and asking before does not hide it afterwards."""
    campaign_id = await office.funded(wheel())
    with pytest.raises(NotFound):
        await pool_terms(resources, campaign_id=campaign_id, pool_id="main")
    await office.post(f"/{campaign_id}/launch")
    assert (await pool_terms(resources, campaign_id=campaign_id, pool_id="main")).pool_id == "main"


@pytest.mark.asyncio
async def test_a_pools_entry_has_a_receipt(office: Office) -> None:
    """Whoever pins the key that the public page shows can check the table."""
    campaign_id = await office.launched(wheel())
    page = (await office.client.get(f"/v1/campaigns/{campaign_id}")).json()
    receipt = await office.client.get(f"/v1/campaigns/{campaign_id}/log/receipts/0")
    logged = await office.resources.pool.fetchval("SELECT entry FROM log_entry")
    proven = verify_receipt(receipt.text, logged, Verifier.parse(page["log"]["vkey"]))
    assert leaf_hash(logged).hex() == page["pools"][0]["commitment"]["pool_hash"]
    assert proven.checkpoint.origin == page["log"]["origin"] == f"acme.test/{campaign_id}"


@pytest.mark.asyncio
async def test_a_campaign_that_should_be_open_opens_at_its_launch(office: Office) -> None:
    """No pool opens before it is logged."""
    schedule = {"opens": rfc3339(STARTED_MS - 1), "closes": rfc3339(CLOSES_MS), "time_zone": "UTC"}
    campaign_id = await office.launched(wheel(), schedule=schedule)
    assert (await office.entries(campaign_id))[0]["opens"] == STARTED_MS


@pytest.mark.asyncio
async def test_launched_at_once_it_is_launched_once(office: Office) -> None:
    """Of eight concurrent launches one wins; the log has each pool once."""
    campaign_id = await office.funded(wheel(), cards())
    answers = await asyncio.gather(*(office.send("POST", f"/{campaign_id}/launch") for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert len(await office.entries(campaign_id)) == 2
    assert [change["action"] for change in await office.changes(campaign_id)].count("campaign.launch") == 1


@pytest.mark.asyncio
async def test_a_campaign_without_pools_is_not_launched(office: Office) -> None:
    """There would be nothing to play."""
    problem = await refused(office, await office.draft())
    assert (problem["code"], problem["field"]) == ("no_pools", "$.pools")


@pytest.mark.asyncio
async def test_a_campaign_that_is_over_is_not_launched(office: Office, clock: ManualClock) -> None:
    """Its time passed while it was a draft."""
    campaign_id = await office.draft(wheel())
    clock.now_ms = CLOSES_MS
    problem = await refused(office, campaign_id)
    assert (problem["code"], problem["field"]) == ("rule_broken", "$.schedule.closes")


@pytest.mark.asyncio
async def test_every_voucher_that_can_be_won_needs_a_code(office: Office) -> None:
    """Ten can be won: nine codes do not do, ten do."""
    campaign_id = await office.draft(wheel())
    office.ledger.fund(f"campaign:{campaign_id}:budget", 10_000)
    await office.add_codes(campaign_id, 9)
    problem = await refused(office, campaign_id)
    assert problem["code"] == "vouchers_missing"
    assert (problem["voucher_batch"], problem["needed"], problem["free"]) == ("tea", 10, 9)
    await office.add_codes(campaign_id, 10)
    await office.post(f"/{campaign_id}/launch")


@pytest.mark.asyncio
async def test_the_budget_covers_the_most_that_can_be_paid_out(office: Office) -> None:
    """10,000 points on the wheel and 680 on the cards: one less is refused with both numbers."""
    campaign_id = await office.funded(wheel(), cards(), points=10_679)
    problem = await refused(office, campaign_id)
    assert (problem["code"], problem["needed"], problem["available"]) == ("underfunded", 10_680, 10_679)
    office.ledger.fund(f"campaign:{campaign_id}:budget", 1)
    assert (await office.post(f"/{campaign_id}/launch"))["points_needed"] == 10_680


@pytest.mark.asyncio
async def test_without_the_ledger_nothing_is_launched(office: Office) -> None:
    """What the budget holds is not known."""
    campaign_id = await office.funded(wheel())
    office.ledger.before_account = unreachable
    problem = await refused(office, campaign_id)
    assert (problem["code"], problem["status"]) == ("ledger_unavailable", 503)


@pytest.mark.asyncio
async def test_an_edit_during_the_launch_stops_it(office: Office) -> None:
    """What was checked is not what would be published."""
    campaign_id = await office.funded(wheel())

    async def edit() -> None:
        response = await office.send("PUT", f"/{campaign_id}", {"version": 2, "campaign": campaign()})
        assert response.status_code == 200

    office.ledger.before_account = edit
    response = await office.send("POST", f"/{campaign_id}/launch")
    assert (response.status_code, response.json()["code"]) == (409, "version_mismatch")
    assert (await office.show(campaign_id))["state"] == "draft"


@pytest.mark.asyncio
async def test_a_beacon_needs_relays(
    database_url: str, redis_url: str, ledger: FakeLedger, clock: ManualClock, office: Office
) -> None:
    """A service without relays refuses the pool; this one knows some."""
    from game.app import build_app
    from game.campaigns.api import Campaigns
    from tests.support.app import client_of, running, settings_for

    campaign_id = await office.draft(wheel(beacon={"delay": 2}))
    app = build_app(
        settings_for(database_url, redis_url), ledger=ledger, clock=clock, controllers=(Campaigns,)
    )
    path, headers = f"/v1/manage/campaigns/{campaign_id}", office.issuer.headers("mia", "manager")
    async with running(app), client_of(app, headers=headers) as client:
        table = wheel(pool_id="second", beacon={"delay": 2})
        added: httpx.Response = await client.post(f"{path}/pools", json=table)
        launched: httpx.Response = await client.post(f"{path}/launch")
    assert (added.json()["code"], added.json()["field"]) == ("beacon_not_configured", "$.beacon")
    assert (launched.json()["code"], launched.json()["field"]) == (
        "beacon_not_configured",
        "$.pools[0].beacon",
    )


@pytest.mark.asyncio
async def test_pause_resume_and_end_turn_every_pool(office: Office) -> None:
    """No play slips past them: `accepting` is what accepting a play reads under its lock."""
    campaign_id = await office.launched(wheel(), cards())
    for way, state, accepting in [
        ("pause", "paused", False),
        ("resume", "live", True),
        ("pause", "paused", False),
        ("end", "ended", False),
    ]:
        shown = await office.post(f"/{campaign_id}/{way}")
        assert shown["state"] == state
        assert [pool["accepting"] for pool in shown["pools"]] == [accepting, accepting]
    actions = [change["action"] for change in await office.changes(campaign_id)][-4:]
    assert actions == ["campaign.pause", "campaign.resume", "campaign.pause", "campaign.end"]


@pytest.mark.asyncio
async def test_turns_that_do_not_fit_the_state_are_refused(office: Office) -> None:
    """A draft is not paused, a live campaign not resumed, and the end is final."""
    draft, live, ended = await office.draft(), await office.launched(wheel()), await office.launched(wheel())
    await office.post(f"/{ended}/end")
    for campaign_id, way, state in [
        (draft, "pause", "draft"),
        (draft, "end", "draft"),
        (live, "resume", "live"),
        (ended, "resume", "ended"),
        (ended, "end", "ended"),
    ]:
        response = await office.send("POST", f"/{campaign_id}/{way}")
        problem = response.json()
        assert (response.status_code, problem["code"], problem["state"]) == (409, "campaign_state", state)
