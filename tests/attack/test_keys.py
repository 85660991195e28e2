"""Keys that a hostile issuer publishes: nobody but its own brand may suffer from them."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import asyncpg
import msgspec
import pytest
import pytest_asyncio

from game.db.pool import open_pool
from game.issuers import Issuers
from game.tokens import Tokens
from tests.support.service import ManualClock
from tests.support.tokens import AUDIENCE, Issuer

POISON: list[dict[str, Any]] = [
    {"kid": "x", "kty": "OKP", "crv": []},
    {"kid": "x", "kty": "OKP", "crv": {}},
    {"kid": "x", "kty": ["OKP"], "crv": "Ed25519"},
    {"kid": "x", "kty": "OKP", "crv": "Ed25519", "x": 7},
    {"kid": "x", "kty": "OKP", "crv": "Ed25519", "x": "a"},
    {"kid": "x", "kty": "OKP", "crv": "Ed25519", "x": "é"},
    {"kid": "x", "kty": "OKP", "crv": "Ed25519", "x": None},
    {"kid": "x", "kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43},
    {"kid": "x", "kty": "EC", "crv": "P-256", "x": [], "y": "A" * 43},
    {"kid": "x", "kty": "RSA", "n": "AQAB", "e": "AQAB"},
    {"kid": "x", "kty": "RSA", "n": "_" * 342, "e": "AA"},
    {"kid": "x", "kty": "RSA", "n": 1, "e": 2},
    {"kid": "x", "kty": "RSA", "n": "", "e": ""},
    {"kid": "x", "kty": "RSA", "n": "_" * 342, "e": "AQAB", "alg": []},
    {"kid": "x", "kty": "oct", "k": "AAAA"},
    {"kid": "x", "kty": "RSA", "n": "_" * 342, "e": "AQAB", "use": {}},
]


@pytest_asyncio.fixture
async def issuers(database_url: str, clock: ManualClock) -> AsyncIterator[Issuers]:
    """The issuers of the brands in the database, not read yet."""
    async with await open_pool(database_url, connections=2) as pool, aiohttp.ClientSession() as session:
        yield Issuers(pool, session, clock=clock)


@pytest.mark.asyncio
@pytest.mark.parametrize("jwk", POISON)
async def test_a_key_that_is_none_is_left_out(
    issuers: Issuers, issuer: Issuer, database_url: str, clock: ManualClock, jwk: dict[str, Any]
) -> None:
    """The brand's good key and every other brand's still hold."""
    evil = Issuer("evil", clock=clock)
    await evil.insert_brand(database_url)
    keys = msgspec.json.encode({"keys": [jwk, evil.jwk]}).decode()
    connection = await asyncpg.connect(database_url)
    await connection.execute("UPDATE brand SET jwks = $1 WHERE brand_id = 'evil'", keys)
    await connection.close()
    await issuers.refresh()
    tokens = Tokens(issuers, audience=AUDIENCE, clock=clock)
    assert (await tokens.caller(issuer.token("ann").encode())).brand_id == "acme"
    assert (await tokens.caller(evil.token("eve").encode())).brand_id == "evil"
