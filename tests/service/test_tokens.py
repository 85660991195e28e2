"""Which tokens hold."""

import httpx
import pytest

from tests.support.tokens import Issuer


@pytest.mark.asyncio
async def test_a_public_route_needs_no_token(app_client: httpx.AsyncClient) -> None:
    """Nobody has to sign in to see that the process is up."""
    answer = await app_client.get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "up"})


@pytest.mark.asyncio
async def test_a_token_holds(app_client: httpx.AsyncClient, issuer: Issuer) -> None:
    """A token of a brand's issuer is let through."""
    answer = await app_client.get("/health/live", headers=issuer.headers("ann"))
    assert answer.status_code == 200


@pytest.mark.asyncio
async def test_a_bad_token_is_refused_on_a_public_route(app_client: httpx.AsyncClient) -> None:
    """Whoever sends a token means it."""
    answer = await app_client.get("/health/live", headers={"Authorization": "Bearer a.b.c"})
    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")
