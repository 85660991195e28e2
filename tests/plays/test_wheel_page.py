"""What the app needs to draw a wheel, and where a draw stops on it."""

from collections.abc import Callable

import httpx
import pytest

from tests.support.pools import cards, wheel
from tests.support.stage import Guest, Stage
from tests.support.tokens import Issuer


@pytest.mark.asyncio
async def test_a_draw_stops_within_the_segment_of_the_row_that_it_paid(
    stage: Stage, app_client: httpx.AsyncClient, guest: Callable[[str, str], Guest]
) -> None:
    """The segments are a full turn in table order, and `face` points into the one of the outcome."""
    campaign_id = await stage.launch(wheel())
    page = await app_client.get(f"/v1/campaigns/{campaign_id}/pools/wheel/wheel")
    segments = page.json()["segments"]
    assert [segment["row"] for segment in segments] == ["phone", "tea", "again", "points", "thanks"]
    assert sum(segment["arc_millidegrees"] for segment in segments) == 360_000
    stage.fund("ann", 1_000)
    ann = guest(campaign_id, "ann")
    await ann.anchor("wheel")
    await ann.seat("wheel")
    draws = (await ann.play("wheel", "k", 10)).json()["draws"]
    for draw in draws:
        segment = segments[draw["face"]["segment"]]
        assert segment["row"] == draw["outcome"]["row"]
        within = draw["face"]["angle_millidegrees"] - segment["start_millidegrees"]
        assert 0 < within < segment["arc_millidegrees"]


@pytest.mark.asyncio
async def test_only_wheels_of_the_callers_brand_have_segments(
    stage: Stage, app_client: httpx.AsyncClient, other_issuer: Issuer
) -> None:
    """Cards, unknown pools and another brand's wheel are not there."""
    campaign_id = await stage.launch(wheel(), cards())
    pools = f"/v1/campaigns/{campaign_id}/pools"
    answers = [
        await app_client.get(f"{pools}/cards/wheel"),
        await app_client.get(f"{pools}/none/wheel"),
        await app_client.get(f"{pools}/wheel/wheel", headers=other_issuer.headers("eve")),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (404, "pool_not_found")
    ] * 3
