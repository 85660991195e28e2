"""Every route, called by somebody of another brand who has every role there."""

from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar

from game.auth import Role
from tests.support.pools import wheel
from tests.support.stage import Guest, Stage
from tests.support.tokens import Issuer

Guests = Callable[[str, str], Guest]
DRAFT = {"schedule": {"opens": "2030-01-01T00:00:00Z", "closes": "2030-01-02T00:00:00Z", "time_zone": "UTC"}}
TEXT = {"zh": "a", "en": "a"}
BODIES: dict[str, Any] = {
    "campaignsEdit": {"version": 1, "campaign": {**DRAFT, "name": TEXT, "rules": TEXT, "limits": {}}},
    "campaignsAddPool": wheel("next"),
    "campaignsReplacePool": wheel("next"),
    "campaignsVouchers": {"voucher_batch": "tea", "codes": ["X"]},
    "campaignsChances": {"subject": "ann", "count": 1, "expires_at": "2026-10-01T00:00:00Z", "source": "x"},
    "seatsSeat": {"seed": "00" * 16},
    "seatsPlay": {"count": 1, "pay_with": "points"},
    "scratchUncover": {"tickets": [1]},
}
# What a stranger has in a campaign that is not there is nothing.
OWN = ("/me/plays", "/me/prizes")


@pytest.mark.asyncio
async def test_to_another_brand_nothing_is_there(
    stage: Stage, app: Litestar, app_client: httpx.AsyncClient, guest: Guests, other_issuer: Issuer
) -> None:
    """Each route that names a campaign, a play or a prize answers 404, and nothing of it changes."""
    campaign_id = await stage.launch(wheel())
    stage.fund("ann", 1_000)
    ann = guest(campaign_id, "ann")
    await ann.sit("wheel")
    play_id = (await ann.play("wheel", "key", 10)).json()["id"]
    prize_id = (await ann.send("GET", f"/campaigns/{campaign_id}/me/prizes")).json()["prizes"][0]["id"]
    places = {
        "campaign_id": campaign_id, "pool_id": "wheel", "play_id": play_id, "prize_id": prize_id,
        "operation_id": f"play:{play_id}", "index": "0", "tile": "0/000.p/1",
    }  # fmt: skip
    roles = [role.value for role in Role]
    insider = ann.issuer.headers("ann", *roles)
    stranger = other_issuer.headers("ann", *roles) | {"Idempotency-Key": "key"}
    before = await stage.counts()
    asked = 0
    for path, operations in msgspec.json.decode(app.state.document())["paths"].items():
        for method, operation in operations.items():
            if "{" not in path:
                continue
            body = BODIES.get(operation["operationId"])
            assert body is not None or "requestBody" not in operation, operation["operationId"]
            answer = await app_client.request(method, path.format(**places), json=body, headers=stranger)
            if path.endswith(OWN):
                assert [value for value in answer.json().values() if value] == [], path
            else:
                assert answer.status_code == 404, (method, path, answer.text)
            if method == "get":
                there = await app_client.get(path.format(**places), headers=insider)
                assert there.status_code == 200, (path, there.text)
            asked += 1
    assert asked >= len(BODIES) + len(OWN)
    assert await stage.counts() == before
