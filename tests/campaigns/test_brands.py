"""To a manager of one brand another brand's campaign is not there."""

from typing import Any

import pytest

from game.campaigns.api import Campaigns
from tests.campaigns.office import CLOSES_MS, PATH, Office, campaign, cards, rfc3339, wheel
from tests.support.tokens import Issuer

CHANCES = {"subject": "ann", "count": 1, "expires_at": rfc3339(CLOSES_MS), "source": "x"}
ROUTES: list[tuple[str, str, Any]] = [
    ("GET", "", None),
    ("PUT", "", {"version": 1, "campaign": campaign()}),
    ("POST", "/launch", None),
    ("POST", "/pause", None),
    ("POST", "/resume", None),
    ("POST", "/end", None),
    ("GET", "/changes", None),
    ("POST", "/pools", cards()),
    ("DELETE", "/pools/main", None),
    ("POST", "/pools/main/replacement", wheel(pool_id="next")),
    ("POST", "/vouchers", {"voucher_batch": "tea", "codes": ["a"]}),
    ("POST", "/chances", CHANCES),
]


def test_these_are_all_routes_of_a_campaign() -> None:
    """A new route needs a line above."""
    handlers = [getattr(Campaigns, name) for name in vars(Campaigns)]
    paths = {
        (method, path.removeprefix("/{campaign_id:str}").replace("{pool_id:str}", "main"))
        for handler in handlers
        if hasattr(handler, "http_methods")
        for method in handler.http_methods
        for path in handler.paths
        if "campaign_id" in path
    }
    assert {(str(getattr(method, "value", method)), path) for method, path in paths} == {
        (method, path) for method, path, _ in ROUTES
    }


@pytest.mark.asyncio
@pytest.mark.parametrize("role", ["manager", "admin"])
async def test_no_route_finds_another_brands_campaign(
    office: Office, other_issuer: Issuer, role: str
) -> None:
    """Each answers as if it were not there, of a draft and of a live one, and changes nothing."""
    ids = [await office.launched(wheel()), await office.draft(wheel())]
    before = [await office.show(campaign_id) for campaign_id in ids]
    headers = other_issuer.headers("eve", role)
    for campaign_id in ids:
        for method, path, body in ROUTES:
            response = await office.client.request(
                method, f"{PATH}/{campaign_id}{path}", json=body, headers=headers
            )
            assert (response.status_code, response.json()["code"]) == (404, "campaign_not_found"), path
    assert [await office.show(campaign_id) for campaign_id in ids] == before
    listed = await office.client.get(PATH, headers=headers)
    assert listed.json() == {"campaigns": [], "next": None}


@pytest.mark.asyncio
async def test_a_campaign_belongs_to_the_brand_of_its_maker(office: Office, other_issuer: Issuer) -> None:
    """There is no field to say otherwise."""
    headers = other_issuer.headers("eve", "manager")
    made = await office.client.post(PATH, json=campaign(), headers=headers)
    assert made.json()["brand_id"] == "bolt"
    forged = await office.client.post(PATH, json=campaign(brand_id="acme"), headers=headers)
    assert forged.status_code == 422
    response = await office.send("GET", f"/{made.json()['campaign_id']}")
    assert response.status_code == 404
