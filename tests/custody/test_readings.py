"""Whoever opens a secret leaves a row that nobody changes."""

import os
from collections.abc import Callable
from typing import Any

import asyncpg
import httpx
import pytest

from game.campaigns.closing import close_pools
from game.custody import api
from tests.support.pools import wheel
from tests.support.stage import DAY_MS, Guest, Stage
from tests.support.tokens import Issuer


async def readings(client: httpx.AsyncClient, issuer: Issuer, campaign_id: str, after: str = "") -> Any:
    """A page of readings, as an auditor sees it."""
    answer = await client.get(
        f"/v1/manage/campaigns/{campaign_id}/secret-readings{after}", headers=issuer.headers("aud", "auditor")
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.asyncio
async def test_an_auditor_sees_who_opened_what(
    stage: Stage, guest: Callable[[str, str], Guest], issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pool's secret once, to draw with, and the log's key once, however many plays there are."""
    campaign_id = await stage.launch(wheel())
    ann = guest(campaign_id, "ann")
    assert (await readings(ann.client, issuer, campaign_id))["readings"] == []
    stage.fund("ann", 1_000)
    await ann.sit("wheel")
    for key in ("one", "two"):
        await ann.play("wheel", key, 1)
    shown = await readings(ann.client, issuer, campaign_id)
    assert sorted((each["of"], each["pool_id"], each["purpose"]) for each in shown["readings"]) == [
        ("log", None, "sign"),
        ("pool", "wheel", "draw"),
    ]
    assert all(each["process"].endswith(f":{os.getpid()}") for each in shown["readings"])
    monkeypatch.setattr(api, "PAGE", 1)
    first = await readings(ann.client, issuer, campaign_id)
    second = await readings(ann.client, issuer, campaign_id, f"?after={first['next']}")
    assert [*first["readings"], *second["readings"]] == shown["readings"]


@pytest.mark.asyncio
async def test_a_reading_is_noted_before_the_secret_is_used(backstage: Stage) -> None:
    """Where it cannot be noted nothing is opened: the pool stays open until it can."""
    campaign_id = await backstage.launch(wheel())
    pool = backstage.resources.pool
    await pool.execute("ALTER TABLE secret_reading RENAME TO put_away")
    backstage.clock.advance(10 * DAY_MS)
    assert await close_pools(backstage.resources) == 0
    await pool.execute("ALTER TABLE put_away RENAME TO secret_reading")
    assert await close_pools(backstage.resources) == 1
    assert [tuple(row) for row in await pool.fetch("SELECT campaign_id, purpose FROM secret_reading")] == [
        (campaign_id, "close")
    ]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "change",
    ["UPDATE secret_reading SET read_ms = 1", "DELETE FROM secret_reading", "TRUNCATE secret_reading"],
)
async def test_rows_are_only_added(backstage: Stage, change: str) -> None:
    """The database refuses whatever would change one."""
    with pytest.raises(asyncpg.RestrictViolationError, match="rows of secret_reading are never changed"):
        await backstage.resources.pool.execute(change)


@pytest.mark.asyncio
@pytest.mark.parametrize("role", ["player", "support", "manager", "approver"])
async def test_readings_are_for_auditors(
    stage: Stage, app_client: httpx.AsyncClient, issuer: Issuer, role: str
) -> None:
    """Others are refused."""
    campaign_id = await stage.launch(wheel())
    path = f"/v1/manage/campaigns/{campaign_id}/secret-readings"
    assert (await app_client.get(path, headers=issuer.headers("ann", role))).status_code == 403
