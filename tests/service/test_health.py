"""Whether the service can serve."""

import asyncpg
import httpx
import pytest
from litestar import Litestar

from game.app import build_app
from ledger_client.testing import FakeLedger
from tests.support.app import client_of, running, settings_for
from tests.support.service import ManualClock


@pytest.mark.asyncio
async def test_ready(app_client: httpx.AsyncClient) -> None:
    """With everything up it is ready."""
    answer = await app_client.get("/health/ready")
    assert answer.status_code == 200
    assert set(answer.json().values()) == {"up"}


@pytest.mark.asyncio
async def test_a_ledger_that_is_down_is_reported(app_client: httpx.AsyncClient, ledger: FakeLedger) -> None:
    """Without the ledger the service still shows campaigns and plays free chances."""
    ledger.reachable = False
    answer = await app_client.get("/health/ready")
    assert (answer.status_code, answer.json()["ledger"], answer.json()["status"]) == (200, "down", "up")


@pytest.mark.asyncio
async def test_redis_is_not_needed(database_url: str, ledger: FakeLedger, clock: ManualClock) -> None:
    """Redis holds nothing that a play depends on."""
    settings = settings_for(database_url, "redis://127.0.0.1:1")
    async with running(build_app(settings, ledger=ledger, clock=clock)) as app, client_of(app) as client:
        answer = await client.get("/health/ready")
        assert (answer.status_code, answer.json()["redis"], answer.json()["status"]) == (200, "down", "up")


@pytest.mark.asyncio
async def test_a_schema_that_is_behind(app_client: httpx.AsyncClient, database_url: str) -> None:
    """A process whose migrations are not applied yet gets no requests; one that is behind the schema does."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(
            "INSERT INTO schema_migration (number, name, digest) SELECT 9999, 'later', repeat('0', 64)"
        )
        assert (await app_client.get("/health/ready")).status_code == 200
        await connection.execute("DELETE FROM schema_migration WHERE number > 1")
        answer = await app_client.get("/health/ready")
        assert (answer.status_code, answer.json()["migrations"]) == (503, "behind")
        assert answer.json()["database"] == "up"
    finally:
        await connection.close()


@pytest.mark.asyncio
async def test_an_empty_database(app: Litestar) -> None:
    """A database without a schema is behind, not down."""
    connection = await asyncpg.connect(app.state.resources.settings.database_url)
    try:
        await connection.execute("DROP TABLE schema_migration")
    finally:
        await connection.close()
    async with client_of(app) as client:
        answer = await client.get("/health/ready")
    assert (answer.status_code, answer.json()["migrations"]) == (503, "behind")


@pytest.mark.asyncio
async def test_the_database_is_down(app: Litestar) -> None:
    """Without its database the service is not ready; the process is up all the same."""
    app.state.resources.pool.terminate()
    async with client_of(app) as client:
        ready = await client.get("/health/ready")
        assert (ready.status_code, ready.json()["database"]) == (503, "down")
        assert (await client.get("/health/live")).status_code == 200


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("198.51.100.7", {}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "198.51.100.7"}, 403),
    ],
)
async def test_metrics_are_local(app: Litestar, address: str, headers: dict[str, str], status: int) -> None:
    """Metrics are shown on the machine itself, not through a proxy on it."""
    async with client_of(app, address=address) as client:
        answer = await client.get("/metrics", headers=headers)
    assert answer.status_code == status
    assert ("playfair_requests_total" in answer.text) == (status == 200)
