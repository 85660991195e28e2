"""Which tokens hold."""

from base64 import urlsafe_b64encode
from typing import Any

import httpx
import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from game.tokens import LIFETIME_SECONDS, TOKEN_BYTES
from tests.support.service import STARTED_MS, ManualClock
from tests.support.tokens import LIFETIME_SECONDS as TOKEN_SECONDS
from tests.support.tokens import Issuer

NOW = STARTED_MS // 1000


async def code_of(probe: httpx.AsyncClient, token: str) -> str:
    """The code that a token is refused with; empty when it holds."""
    answer = await probe.get("/probe/caller", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code in (200, 401)
    return "" if answer.status_code == 200 else str(answer.json()["code"])


@pytest.mark.asyncio
async def test_a_token_speaks_for_its_subject(probe: httpx.AsyncClient, issuer: Issuer) -> None:
    """The handler sees the brand of the key, the subject and the roles that exist."""
    answer = await probe.get("/probe/caller", headers=issuer.headers("ann", "player", "wizard"))
    assert answer.json() == {"brand_id": "acme", "subject": "ann", "roles": ["player"]}


@pytest.mark.asyncio
async def test_a_public_route_needs_no_token(probe: httpx.AsyncClient) -> None:
    """Without a token a public route sees nobody, and another one asks for a token."""
    anyone, caller = await probe.get("/probe/anyone"), await probe.get("/probe/caller")
    assert (anyone.status_code, anyone.json()) == (200, None)
    assert (caller.status_code, caller.json()["code"]) == (401, "token_required")
    assert caller.headers["WWW-Authenticate"] == "Bearer"
    assert (await probe.get("/probe/open")).json()["code"] == "token_required"


@pytest.mark.asyncio
@pytest.mark.parametrize("header", ["Bearer a.b.c", "Bearer", "Basic YTpi", ""])
async def test_a_bad_token_is_refused_on_a_public_route(probe: httpx.AsyncClient, header: str) -> None:
    """Whoever sends credentials means them."""
    answer = await probe.get("/probe/anyone", headers={"Authorization": header})
    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.asyncio
async def test_two_tokens_are_refused(probe: httpx.AsyncClient, issuer: Issuer) -> None:
    """It would not be clear who is calling."""
    one, two = issuer.headers("ann")["Authorization"], issuer.headers("bob")["Authorization"]
    answer = await probe.get("/probe/anyone", headers=[("Authorization", one), ("Authorization", two)])
    assert answer.status_code == 401


@pytest.mark.asyncio
async def test_another_role_is_refused(probe: httpx.AsyncClient, issuer: Issuer) -> None:
    """A token without the role is told which roles would do."""
    answer = await probe.get("/probe/caller", headers=issuer.headers("eve", "auditor"))
    assert (answer.status_code, answer.json()["code"]) == (403, "role_required")
    assert answer.json()["roles"] == ["manager", "player"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"exp": NOW}, "token_expired"),
        ({"exp": NOW + 1}, ""),
        ({"iat": NOW + 31}, "token_invalid"),
        ({"iat": NOW + 30}, ""),
        ({"nbf": NOW + 31}, "token_invalid"),
        ({"exp": NOW + LIFETIME_SECONDS}, ""),
        ({"exp": NOW + LIFETIME_SECONDS + 1}, "token_invalid"),
        ({"aud": "someone-else"}, "token_invalid"),
        ({"aud": ["someone-else", "playfair"]}, ""),
        ({"aud": []}, "token_invalid"),
        ({"iss": "https://issuer.bolt.test"}, "token_invalid"),
        ({"sub": ""}, "token_invalid"),
        ({"sub": "a" * 65}, "token_invalid"),
        ({"sub": "a/b"}, "token_invalid"),
        ({"sub": "ann\n"}, "token_invalid"),
        ({"sub": 7}, "token_invalid"),
        ({"roles": "player"}, "token_invalid"),
        ({"exp": None}, "token_invalid"),
        ({"iat": -1}, "token_invalid"),
        ({"exp": 1e300}, "token_invalid"),
    ],
)
async def test_claims(probe: httpx.AsyncClient, issuer: Issuer, change: dict[str, Any], code: str) -> None:
    """A signed token holds for its audience and time alone, and only with sound claims."""
    assert await code_of(probe, issuer.signed(issuer.claims("ann", "player") | change)) == code


@pytest.mark.asyncio
@pytest.mark.parametrize("claim", ["iss", "sub", "aud", "iat", "exp", "roles"])
async def test_a_claim_is_missing(probe: httpx.AsyncClient, issuer: Issuer, claim: str) -> None:
    """Every claim that is checked must be there."""
    claims = issuer.claims("ann", "player")
    del claims[claim]
    assert await code_of(probe, issuer.signed(claims)) == "token_invalid"


@pytest.mark.asyncio
async def test_a_key_speaks_for_its_own_brand(
    probe: httpx.AsyncClient, issuer: Issuer, other_issuer: Issuer
) -> None:
    """A brand cannot make tokens of another brand, whatever it writes into them."""
    assert await code_of(probe, other_issuer.signed(issuer.claims("ann", "player"))) == "token_invalid"
    forged = other_issuer.signed(issuer.claims("ann", "player"), kid=issuer.key_id)
    assert await code_of(probe, forged) == "token_invalid"


@pytest.mark.asyncio
async def test_algorithms_are_the_keys_own(probe: httpx.AsyncClient, issuer: Issuer) -> None:
    """No signature, or one with the public key as a shared secret, is as good as none."""
    claims, header = issuer.claims("ann", "player"), {"kid": issuer.key_id}
    public = issuer.private_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert await code_of(probe, jwt.encode(claims, "", algorithm="none", headers=header)) == "token_invalid"
    assert (
        await code_of(probe, jwt.encode(claims, public, algorithm="HS256", headers=header)) == "token_invalid"
    )


@pytest.mark.asyncio
async def test_the_algorithm_named_must_be_the_keys(probe: httpx.AsyncClient, issuer: Issuer) -> None:
    """A good signature under a header that names another algorithm does not hold."""
    head = part({"alg": "ES256", "kid": issuer.key_id})
    message = head + b"." + part(issuer.claims("ann", "player"))
    token = message + b"." + encoded(issuer.private_key.sign(message))
    assert await code_of(probe, token.decode()) == "token_invalid"


@pytest.mark.asyncio
async def test_critical_extensions_are_refused(probe: httpx.AsyncClient, issuer: Issuer) -> None:
    """A token that demands to be understood in a way we do not know is refused."""
    token = issuer.signed(issuer.claims("ann", "player"), crit=["exp"])
    assert await code_of(probe, token) == "token_invalid"


@pytest.mark.asyncio
async def test_changed_tokens_are_refused(probe: httpx.AsyncClient, issuer: Issuer) -> None:
    """Other claims under the same signature do not hold, nor does a signature cut short."""
    head, _, signature = issuer.token("ann").split(".")
    claims = part(issuer.claims("bob", "admin")).decode()
    assert await code_of(probe, f"{head}.{claims}.{signature}") == "token_invalid"
    assert await code_of(probe, issuer.token("ann")[:-3]) == "token_invalid"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "token", ["", ".", "..", "a", "a.b", "a.b.c.d", "e30.e30.", "bnVsbA.e30.e30", "!.!.!"]
)
async def test_what_is_no_token(probe: httpx.AsyncClient, token: str) -> None:
    """Rubbish is refused, never an error of ours."""
    assert await code_of(probe, token) == "token_invalid"


@pytest.mark.asyncio
async def test_a_token_is_of_limited_length(probe: httpx.AsyncClient, issuer: Issuer) -> None:
    """A token longer than 4 KB is not even decoded."""
    claims = issuer.claims("ann", "player")
    assert await code_of(probe, issuer.signed(claims | {"pad": "x" * (TOKEN_BYTES // 2)})) == ""
    assert await code_of(probe, issuer.signed(claims | {"pad": "x" * TOKEN_BYTES})) == "token_invalid"


@pytest.mark.asyncio
async def test_a_known_token_expires(probe: httpx.AsyncClient, issuer: Issuer, clock: ManualClock) -> None:
    """That a token was verified before does not make it live longer."""
    token = issuer.token("ann")
    assert await code_of(probe, token) == ""
    clock.advance(TOKEN_SECONDS * 1000 - 1)
    assert await code_of(probe, token) == ""
    clock.advance(1)
    assert await code_of(probe, token) == "token_expired"


def part(values: dict[str, Any]) -> bytes:
    """A header or claims as they stand in a token."""
    return encoded(msgspec.json.encode(values))


def encoded(raw: bytes) -> bytes:
    """Base64url without padding (RFC 7515)."""
    return urlsafe_b64encode(raw).rstrip(b"=")
