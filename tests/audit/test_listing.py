"""All logs of an operator, and the history of a log's key, over HTTP."""

import asyncpg
import httpx
import pytest
from litestar import Litestar

from game.audit.listing_api import PAGE
from game.fair.note import Verifier, open_checkpoint
from game.resources import Resources
from tests.audit.logs import add_campaign, open_log, write
from tests.support.tokens import Issuer


async def logs_of(client: httpx.AsyncClient, operator: str) -> list[dict[str, object]]:
    """All logs of an operator, page by page."""
    logs, after = [], ""
    while after is not None:
        page = (await client.get("/v1/logs", params={"operator": operator, "after": after})).json()
        logs += page["logs"]
        after = page["next"]
    return logs


@pytest.mark.asyncio
async def test_every_log_of_an_operator_is_listed(app: Litestar, app_client: httpx.AsyncClient) -> None:
    """Each has its size, its address and the key of its checkpoint; drafts and others are not there."""
    resources = app.state.resources
    for campaign_id, brand_id in (
        ("campaign0001", "acme"),
        ("campaign0002", "acme"),
        ("campaign0003", "tea"),
    ):
        await open_log(resources, campaign_id=campaign_id, brand_id=brand_id)
    await add_campaign(resources, campaign_id="campaign0004", brand_id="acme")
    await write(resources, "campaign0002", 3, 4)
    logs = await logs_of(app_client, "acme.test")
    assert [(log["origin"], log["campaign"], log["size"]) for log in logs] == [
        ("acme.example/campaign0001", "campaign0001", 0),
        ("acme.example/campaign0002", "campaign0002", 7),
    ]
    for log in logs:
        note = (await app_client.get(f"{log['path']}/checkpoint")).content
        checkpoint = open_checkpoint(note, Verifier.parse(str(log["vkey"])))
        assert (checkpoint.origin, checkpoint.size) == (log["origin"], log["size"])


@pytest.mark.asyncio
async def test_many_logs_are_listed_page_by_page(app: Litestar, app_client: httpx.AsyncClient) -> None:
    """No log is left out or listed twice where a page ends."""
    ids = [f"campaign{number:04}" for number in range(PAGE + 1)]
    for campaign_id in reversed(ids):
        await open_log(app.state.resources, campaign_id=campaign_id, brand_id="acme")
    assert [log["campaign"] for log in await logs_of(app_client, "acme.test")] == ids


@pytest.mark.asyncio
async def test_another_brands_operator_is_not_there(
    app: Litestar, app_client: httpx.AsyncClient, issuer: Issuer, other_issuer: Issuer
) -> None:
    """Without a token and with one of the brand the logs are listed; to another brand they are not there."""
    await open_log(app.state.resources, campaign_id="campaign0001", brand_id="acme")
    address = "/v1/logs?operator=acme.test"
    assert len((await app_client.get(address)).json()["logs"]) == 1
    assert len((await app_client.get(address, headers=issuer.headers("ann"))).json()["logs"]) == 1
    refused = await app_client.get(address, headers=other_issuer.headers("ann"))
    assert (refused.status_code, refused.json()["code"]) == (404, "brand_not_found")
    nobody = await app_client.get("/v1/logs?operator=nobody.example")
    assert (nobody.status_code, nobody.json()) == (404, refused.json())


@pytest.mark.asyncio
@pytest.mark.parametrize("query", ["", "operator=", "operator=a%20b", "operator=a&after=A", "operator=a%00"])
async def test_malformed_questions_are_refused(app_client: httpx.AsyncClient, query: str) -> None:
    """What can be no operator's name and no cursor is refused by the field."""
    assert (await app_client.get(f"/v1/logs?{query}")).status_code == 422


@pytest.mark.asyncio
async def test_a_log_has_one_key_from_its_first_entry(app: Litestar, app_client: httpx.AsyncClient) -> None:
    """The history is the key that the log tells, for every size."""
    await open_log(app.state.resources, campaign_id="campaign0001", brand_id="acme")
    log = "/v1/campaigns/campaign0001/log"
    vkey = (await app_client.get(f"{log}/vkey")).text
    history = await app_client.get(f"{log}/keys")
    assert history.json() == {
        "origin": "acme.example/campaign0001",
        "keys": [{"vkey": vkey, "from_size": 0, "until_size": None}],
    }
    assert history.headers["cache-control"] == "max-age=3600, public"


@pytest.mark.asyncio
@pytest.mark.parametrize("column", ["origin", "public_key"])
async def test_a_log_keeps_its_key(resources: Resources, column: str) -> None:
    """Not even SQL puts a log under another name or key; the same once more is no change."""
    await open_log(resources)
    await resources.pool.execute(f"UPDATE log SET {column} = {column}")
    with pytest.raises(asyncpg.RestrictViolationError, match="campaign0001 keeps its origin and its key"):
        await resources.pool.execute(f"UPDATE log SET {column} = overlay({column} PLACING 'x' FROM 1)")
