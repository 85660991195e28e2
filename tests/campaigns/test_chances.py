"""Free plays that a manager grants: once for each source."""

import asyncio
from typing import Any

import pytest

from tests.campaigns.office import CLOSES_MS, Office, rfc3339, wheel
from tests.support.service import STARTED_MS


def grant(**changes: Any) -> dict[str, Any]:
    """Three free plays for `ann`, for a reason."""
    return {
        "subject": "ann",
        "count": 3,
        "expires_at": rfc3339(CLOSES_MS),
        "source": "outage 2026-09-20",
    } | changes


@pytest.mark.asyncio
async def test_the_same_source_grants_once(office: Office) -> None:
    """Eight requests at once and one afterwards: one lot, one change, one answer."""
    campaign_id = await office.launched(wheel())
    path = f"/{campaign_id}/chances"
    answers = await asyncio.gather(*(office.post(path, grant()) for _ in range(8)))
    answers.append(await office.post(path, grant()))
    assert all(answer == answers[0] for answer in answers)
    assert (answers[0]["granted"], answers[0]["units_left"], answers[0]["subject"]) == (3, 3, "ann")
    assert [change["action"] for change in await office.changes(campaign_id)].count("chances.grant") == 1
    assert (await office.as_player(campaign_id))["you"]["chances_left"] == 3


@pytest.mark.asyncio
async def test_other_sources_and_players_get_their_own(office: Office) -> None:
    """Lots add up per player."""
    campaign_id = await office.launched(wheel())
    for body in (grant(), grant(source="second"), grant(subject="bob")):
        await office.post(f"/{campaign_id}/chances", body)
    found = [(await office.as_player(campaign_id, name))["you"]["chances_left"] for name in ("ann", "bob")]
    assert found == [6, 3]


@pytest.mark.asyncio
async def test_a_source_with_other_terms_is_refused(office: Office) -> None:
    """It was used for something else; what stands there is told."""
    campaign_id = await office.launched(wheel())
    await office.post(f"/{campaign_id}/chances", grant())
    response = await office.send("POST", f"/{campaign_id}/chances", grant(count=4))
    problem = response.json()
    assert (response.status_code, problem["code"], problem["granted"]) == (409, "source_used", 3)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"expires_at": rfc3339(STARTED_MS)}, "$.expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-12:00"}, "$.expires_at"),
    ],
)
async def test_grants_expire_in_the_foreseeable_future(
    office: Office, changes: dict[str, Any], field: str
) -> None:
    """Neither at once nor never."""
    campaign_id = await office.launched(wheel())
    response = await office.send("POST", f"/{campaign_id}/chances", grant(**changes))
    assert (response.status_code, response.json()["field"]) == (422, field)


@pytest.mark.asyncio
async def test_nothing_is_granted_once_it_is_over(office: Office) -> None:
    """Nobody could use it."""
    campaign_id = await office.launched(wheel())
    await office.post(f"/{campaign_id}/end")
    response = await office.send("POST", f"/{campaign_id}/chances", grant())
    assert (response.status_code, response.json()["code"]) == (409, "campaign_state")
