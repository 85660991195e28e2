"""What everybody may know of a pool's odds as drawn, and what managers make of alerts."""

import httpx
import pytest

from game.monitor.following import follow_draws
from game.plays.engine import Engine
from tests.monitor.reading import counted
from tests.monitor.test_following import SKEWED, sat
from tests.support.stage import Stage
from tests.support.tokens import Issuer

pytestmark = pytest.mark.asyncio


async def test_everybody_sees_what_was_drawn(
    stage: Stage, engine: Engine, client: httpx.AsyncClient, other_issuer: Issuer
) -> None:
    """Row by row, with the published odds and bounds around what was seen; another brand sees nothing."""
    campaign_id = await sat(stage, engine)
    await stage.play(engine, campaign_id, "ann", "wheel", key="key", draws=8)
    picks = (await counted(stage.resources))["wheel", "settled"]
    path = f"/v1/campaigns/{campaign_id}/pools/wheel/fit"
    found = (await client.get(path)).json()
    assert (found["counted"], found["size"]) == (10, 10)
    settled, refused, untaken = found["series"]
    assert [row["picked"] for row in settled["rows"]] == picks
    assert [row["expected"] for row in settled["rows"]] == [1, 2, 1, 2, 2]
    assert all(row["least"] < row["odds"] < row["most"] for row in settled["rows"])
    assert (settled["draws"], settled["alert"], settled["says"]["zh"]) == (
        8,
        False,
        "抽奖结果与公布概率相符。",
    )
    assert (refused["draws"], untaken["draws"]) == (0, 0)
    assert (await client.get(path, headers=other_issuer.headers("ann"))).status_code == 404
    assert (await client.get(path.replace("wheel", "none"))).json()["code"] == "pool_not_found"


async def test_an_alert_is_acknowledged_by_a_person(
    stage: Stage, engine: Engine, client: httpx.AsyncClient, issuer: Issuer
) -> None:
    """Once, with a reason, which stands in the change log; sent again it is the same."""
    campaign_id = await sat(stage, engine)
    await stage.resources.pool.execute(SKEWED, campaign_id)
    await stage.play(engine, campaign_id, "ann", "wheel", key="key")
    await follow_draws(stage.resources)
    listed = f"/v1/manage/campaigns/{campaign_id}/fit-alerts"
    path = f"/v1/manage/campaigns/{campaign_id}/pools/wheel/fit-alerts/settled/acknowledge"
    mia, max_, ann = issuer.headers("mia", "manager"), issuer.headers("max", "manager"), issuer.headers("ann")
    (alert,) = (await client.get(listed, headers=mia)).json()["alerts"]
    assert (alert["series"], alert["draws"], alert["acknowledged"]) == ("settled", 401, None)
    assert alert["evidence_log10"] > 100
    seen = [await client.post(path, json={"reason": "a test"}, headers=mia) for _ in range(2)]
    assert [answer.status_code for answer in seen] == [200, 200]
    assert seen[0].json() == seen[1].json()
    assert (seen[0].json()["acknowledged"]["by"], seen[0].json()["acknowledged"]["reason"]) == (
        "mia",
        "a test",
    )
    again = await client.post(path, json={"reason": "another"}, headers=max_)
    assert (again.status_code, again.json()["code"], again.json()["by"]) == (
        409,
        "fit_alert_acknowledged",
        "mia",
    )
    none = await client.post(path.replace("settled", "proof"), json={"reason": "a test"}, headers=mia)
    assert (none.status_code, none.json()["code"]) == (404, "fit_alert_not_found")
    assert (await client.get(listed, headers=ann)).status_code == 403
    actions = "SELECT count(*) FROM campaign_change WHERE action = 'fit.acknowledge'"
    assert await stage.resources.pool.fetchval(actions) == 1
