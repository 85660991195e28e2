"""Keys that a hostile issuer publishes: nobody but its own brand may suffer from them."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import asyncpg
import msgspec
import pytest
import pytest_asyncio

from game.db.pool import open_pool
from game.issuers import TABLE_COOL_DOWN_MS, Issuers
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


@pytest.mark.asyncio
async def test_a_crowd_under_one_key_id_keeps_nobody_out(
    issuers: Issuers, database_url: str, clock: ManualClock
) -> None:
    """Many brands call their keys the same, by accident or not."""
    crowd = [Issuer(f"brand-{number:02}", clock=clock) for number in range(20)]
    for each in crowd:
        each.key_id = "default"
        await each.insert_brand(database_url)
    tokens = Tokens(issuers, audience=AUDIENCE, clock=clock)
    callers = [await tokens.caller(each.token("ann").encode()) for each in crowd]
    assert [caller.brand_id for caller in callers] == [each.brand_id for each in crowd]


@pytest.mark.asyncio
async def test_a_new_key_is_found_under_an_id_that_another_brand_has(
    issuers: Issuers, issuer: Issuer, database_url: str, clock: ManualClock
) -> None:
    """A brand that is new, or has changed its key, does not wait for the next time all keys are read."""
    tokens = Tokens(issuers, audience=AUDIENCE, clock=clock)
    await tokens.caller(issuer.token("ann").encode())
    newcomer = Issuer("new", clock=clock)
    newcomer.key_id = issuer.key_id
    await newcomer.insert_brand(database_url)
    clock.advance(TABLE_COOL_DOWN_MS)
    assert (await tokens.caller(newcomer.token("ann").encode())).brand_id == "new"
