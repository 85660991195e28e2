"""All of a process's database connections are taken."""

from collections.abc import Callable
from contextlib import AsyncExitStack

import httpx
import pytest

from game.db import pool
from tests.support.pools import wheel
from tests.support.stage import Guest, Stage


@pytest.mark.asyncio
async def test_a_full_pool_stores_and_charges_nothing(
    stage: Stage,
    guest: Callable[[str, str], Guest],
    app_client: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever plays then is told to come back soon, and is served once there is a connection again."""
    monkeypatch.setattr(pool, "ACQUIRE_TIMEOUT_SECONDS", 0.2)
    campaign_id = await stage.launch(wheel())
    stage.fund("ann", 100)
    ann = guest(campaign_id, "ann")
    await ann.sit("wheel")
    before = await stage.counts()
    async with AsyncExitStack() as stack:
        for _ in range(stage.resources.settings.database_connections):
            await stack.enter_async_context(stage.resources.pool.acquire())
        refused = [await ann.play("wheel", "key"), await app_client.get(f"/v1/campaigns/{campaign_id}")]
        ready = await app_client.get("/health/ready")
    assert {answer.status_code for answer in refused} == {503}
    assert {answer.json()["code"] for answer in refused} == {"temporarily_unavailable"}
    assert {answer.headers["content-type"] for answer in refused} == {"application/problem+json"}
    assert (ready.status_code, ready.json()["database"]) == (503, "down")
    assert (await stage.counts(), stage.balance("ann")) == (before, 100)
    assert (await ann.play("wheel", "key")).json()["state"] == "settled"
    assert stage.balance("ann") >= 90
