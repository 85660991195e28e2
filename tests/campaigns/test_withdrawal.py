"""A replacement that cannot be paid, or that comes too late, leaves everything as it was."""

import pytest

from game.campaigns.replacement import publish_replacements
from tests.campaigns.office import CLOSES_MS, Office, unreachable, wheel, with_row
from tests.campaigns.replacing import TOPPED_UP, actions, replace, states
from tests.support.service import ManualClock


@pytest.mark.asyncio
async def test_a_replacement_needs_a_budget_too(office: Office) -> None:
    """The old pool needs nothing once it is replaced. What is refused leaves everything as it was."""
    campaign_id = await office.launched(wheel(), points=10_000)
    dearer = with_row(TOPPED_UP, 2, weight=90) | {"draws_cap": 1001}
    response = await replace(office, campaign_id, dearer)
    problem = response.json()
    assert (response.status_code, problem["code"], problem["needed"]) == (409, "underfunded", 10_010)
    assert await states(office, campaign_id) == {"main": ("live", True)}
    assert await actions(office, campaign_id) == ["pool.replace", "pool.replacement_withdrawn"]
    assert (await office.changes(campaign_id))[-1]["new"]["reason"] == "underfunded"
    assert (await replace(office, campaign_id, TOPPED_UP)).status_code == 201


@pytest.mark.asyncio
async def test_plays_under_way_still_need_the_budget(office: Office) -> None:
    """One unfinished draw of the old pool may win ten points yet."""
    campaign_id = await office.launched(wheel(), points=10_009)
    await office.start_play(campaign_id, "main")
    response = await replace(office, campaign_id, TOPPED_UP)
    assert (response.json()["code"], response.json()["needed"]) == ("underfunded", 10_010)


@pytest.mark.asyncio
async def test_a_replacement_needs_voucher_codes(office: Office) -> None:
    """Twenty codes are there; thirty could be won."""
    campaign_id = await office.launched(wheel())
    response = await replace(office, campaign_id, with_row(TOPPED_UP, 1, stock=30))
    assert (response.json()["code"], response.json()["needed"]) == ("vouchers_missing", 30)
    assert await states(office, campaign_id) == {"main": ("live", True)}


@pytest.mark.asyncio
async def test_without_the_ledger_nothing_is_replaced(office: Office) -> None:
    """The request is taken back; a replacement that waits already goes on waiting."""
    campaign_id = await office.launched(wheel())
    office.ledger.before_account = unreachable
    response = await replace(office, campaign_id, TOPPED_UP)
    assert (response.status_code, response.json()["code"]) == (503, "ledger_unavailable")
    assert await states(office, campaign_id) == {"main": ("live", True)}


@pytest.mark.asyncio
async def test_a_waiting_replacement_outlasts_the_ledger(office: Office) -> None:
    """The step does nothing while the ledger is away, and finishes when it is back."""
    campaign_id = await office.launched(wheel())
    await office.start_play(campaign_id, "main")
    await replace(office, campaign_id, TOPPED_UP)
    await office.give_up_plays(campaign_id)
    answering, office.ledger.before_account = office.ledger.before_account, unreachable
    assert await publish_replacements(office.resources) == 0
    assert (await states(office, campaign_id))["main"] == ("draining", False)
    office.ledger.before_account = answering
    assert await publish_replacements(office.resources) == 1


@pytest.mark.asyncio
async def test_a_waiting_replacement_can_be_taken_back(office: Office) -> None:
    """The old pool plays on, and the id is free again. What is published is not removed."""
    campaign_id = await office.launched(wheel())
    await office.start_play(campaign_id, "main")
    await replace(office, campaign_id, TOPPED_UP)
    assert (await office.send("DELETE", f"/{campaign_id}/pools/next")).status_code == 204
    assert await states(office, campaign_id) == {"main": ("live", True)}
    assert await actions(office, campaign_id) == ["pool.replace", "pool.replacement_withdrawn"]
    for pool_id in ("main", "next"):
        response = await office.send("DELETE", f"/{campaign_id}/pools/{pool_id}")
        assert (response.status_code, response.json()["code"]) == (404, "pool_not_found")


@pytest.mark.asyncio
async def test_a_replacement_that_waited_too_long_is_taken_back(office: Office, clock: ManualClock) -> None:
    """At the close the old pool goes back to live, so that it can close; the change log says why."""
    campaign_id = await office.launched(wheel())
    await office.start_play(campaign_id, "main")
    await replace(office, campaign_id, TOPPED_UP)
    clock.now_ms = CLOSES_MS
    assert await publish_replacements(office.resources) == 1
    assert await states(office, campaign_id) == {"main": ("live", True)}
    last = (await office.changes(campaign_id))[-1]
    assert (last["action"], last["actor"], last["new"]["reason"]) == (
        "pool.replacement_withdrawn",
        "service",
        "closed",
    )


@pytest.mark.asyncio
async def test_the_end_of_a_campaign_takes_replacements_back(office: Office) -> None:
    """The old pool accepts nothing all the same."""
    campaign_id = await office.launched(wheel())
    await office.start_play(campaign_id, "main")
    await replace(office, campaign_id, TOPPED_UP)
    await office.post(f"/{campaign_id}/end")
    assert await publish_replacements(office.resources) == 1
    assert await states(office, campaign_id) == {"main": ("live", False)}
