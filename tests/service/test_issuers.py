"""Keys that brands publish, and change."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import asyncpg
import jwt
import msgspec
import pytest
import pytest_asyncio
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from structlog.testing import capture_logs

from game.db.pool import open_pool
from game.errors import Unauthenticated
from game.issuers import (
    FETCH_COOL_DOWN_MS,
    JWKS_BYTES,
    KEYS_OF_BRAND_LIMIT,
    STALE_LIMIT_MS,
    TABLE_COOL_DOWN_MS,
    Issuers,
)
from game.tokens import Tokens
from tests.service.key_server import KeyServer
from tests.support.service import ManualClock
from tests.support.tokens import AUDIENCE, Issuer


@pytest_asyncio.fixture
async def published() -> AsyncIterator[KeyServer]:
    """A server of keys, without any."""
    async with KeyServer().serving() as server:
        yield server


@pytest_asyncio.fixture
async def pool(database_url: str) -> AsyncIterator["asyncpg.Pool[asyncpg.Record]"]:
    """Connections to the test's database."""
    pool = await open_pool(database_url, connections=2)
    yield pool
    await pool.close()


@pytest_asyncio.fixture
async def issuers(pool: "asyncpg.Pool[asyncpg.Record]", clock: ManualClock) -> AsyncIterator[Issuers]:
    """The issuers of the brands in the database, not read yet."""
    async with aiohttp.ClientSession() as session:
        yield Issuers(pool, session, clock=clock)


@pytest.fixture
def tokens(issuers: Issuers, clock: ManualClock) -> Tokens:
    """What verifies tokens by them."""
    return Tokens(issuers, audience=AUDIENCE, clock=clock)


@pytest_asyncio.fixture
async def roaming(database_url: str, clock: ManualClock, published: KeyServer) -> Issuer:
    """An issuer that publishes its key."""
    issuer = Issuer("roam", clock=clock)
    published.keys = [issuer.jwk]
    await issuer.insert_brand(database_url, jwks_url=published.url)
    return issuer


async def holds(tokens: Tokens, issuer: Issuer) -> bool:
    """Whether a token that the issuer mints now holds."""
    try:
        await tokens.caller(issuer.token("ann").encode())
    except Unauthenticated:
        return False
    return True


@pytest.mark.asyncio
async def test_published_keys_are_fetched(tokens: Tokens, roaming: Issuer, published: KeyServer) -> None:
    """The first token fetches the keys, the next ones do not."""
    assert await holds(tokens, roaming)
    assert await holds(tokens, roaming)
    assert published.fetched == 1


@pytest.mark.asyncio
async def test_one_fetch_for_all_who_wait(tokens: Tokens, roaming: Issuer, published: KeyServer) -> None:
    """Tokens that come together cause one fetch."""
    assert all(await asyncio.gather(*(holds(tokens, roaming) for _ in range(20))))
    assert published.fetched == 1


@pytest.mark.asyncio
async def test_a_new_key_is_found(
    tokens: Tokens, roaming: Issuer, published: KeyServer, clock: ManualClock
) -> None:
    """An unknown key id fetches the keys again, but not sooner than the cool-down."""
    assert await holds(tokens, roaming)
    roaming.key_id = "roam-2"
    published.keys = [roaming.jwk]
    clock.advance(FETCH_COOL_DOWN_MS - 1)
    assert not await holds(tokens, roaming)
    assert published.fetched == 1
    clock.advance(1_000)
    assert await holds(tokens, roaming)
    assert published.fetched == 2


@pytest.mark.asyncio
async def test_a_key_that_is_gone_does_not_hold(
    tokens: Tokens, issuers: Issuers, roaming: Issuer, published: KeyServer, clock: ManualClock
) -> None:
    """A token that was verified before does not hold once its key has been withdrawn."""
    token = roaming.token("ann").encode()
    await tokens.caller(token)
    published.keys = []
    clock.advance(FETCH_COOL_DOWN_MS)
    await issuers.refresh()
    with pytest.raises(Unauthenticated):
        await tokens.caller(token)


@pytest.mark.asyncio
async def test_unknown_keys_do_not_wear_the_database_out(
    tokens: Tokens, issuers: Issuers, issuer: Issuer, database_url: str, clock: ManualClock
) -> None:
    """However many tokens name keys that nobody has, brands are read once a second."""
    assert await holds(tokens, issuer)
    late = Issuer("late", clock=clock)
    await late.insert_brand(database_url)
    clock.advance(TABLE_COOL_DOWN_MS - 1)
    assert not await holds(tokens, late)
    assert not issuers.keys(late.key_id)
    clock.advance(1)
    assert await holds(tokens, late)


async def _error() -> web.Response:
    return web.Response(status=500)


async def _redirect() -> web.Response:
    raise web.HTTPFound("https://elsewhere.test/jwks.json")


async def _too_long() -> web.Response:
    return web.Response(body=b" " * (JWKS_BYTES + 1))


async def _nonsense() -> web.Response:
    return web.Response(body=b"[" * 50_000)


@pytest.mark.asyncio
@pytest.mark.parametrize("answer", [_error, _redirect, _too_long, _nonsense])
async def test_keys_outlive_an_outage(
    tokens: Tokens,
    issuers: Issuers,
    roaming: Issuer,
    published: KeyServer,
    clock: ManualClock,
    answer: Callable[[], Awaitable[web.Response]],
) -> None:
    """While an issuer's answers are no good its last keys hold, but not for ever."""
    assert await holds(tokens, roaming)
    published.answer = answer
    clock.advance(FETCH_COOL_DOWN_MS)
    with capture_logs() as logs:
        await issuers.refresh()
    assert [entry["event"] for entry in logs] == ["issuers.fetch_failed"]
    assert await holds(tokens, roaming)
    clock.advance(STALE_LIMIT_MS)
    await issuers.refresh()
    assert not await holds(tokens, roaming)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "url", ["http://issuer.test/jwks.json", "ftp://127.0.0.1/jwks.json", "file:///etc/passwd", "127.0.0.1"]
)
async def test_keys_are_fetched_over_https(
    issuers: Issuers, database_url: str, clock: ManualClock, url: str
) -> None:
    """Plain HTTP is for the loopback alone; nothing is asked of such an address."""
    await Issuer("plain", clock=clock).insert_brand(database_url, jwks_url=url)
    with capture_logs() as logs:
        await issuers.refresh()
    assert [entry["reason"] for entry in logs] == ["JwksError('keys are fetched over https only')"]


@pytest.mark.asyncio
async def test_other_algorithms_hold(tokens: Tokens, roaming: Issuer, published: KeyServer) -> None:
    """P-256 and RSA keys sign tokens too, each with its own algorithm."""
    curve, big = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)
    published.keys = [
        ECAlgorithm.to_jwk(curve.public_key(), as_dict=True) | {"kid": "curve"},
        RSAAlgorithm.to_jwk(big.public_key(), as_dict=True) | {"kid": "big"},
    ]
    claims = roaming.claims("ann", "player")
    for key, algorithm, key_id in ((curve, "ES256", "curve"), (big, "RS256", "big")):
        token = jwt.encode(claims, key, algorithm=algorithm, headers={"kid": key_id})
        assert (await tokens.caller(token.encode())).brand_id == "roam"
    stronger = jwt.encode(claims, big, algorithm="RS512", headers={"kid": "big"})
    with pytest.raises(Unauthenticated):
        await tokens.caller(stronger.encode())


@pytest.mark.asyncio
async def test_unsuitable_keys_are_refused(issuers: Issuers, roaming: Issuer, published: KeyServer) -> None:
    """Weak, private, secret, foreign and nameless keys are left out; the good one beside them is not."""
    weak = RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 1024).public_key(), as_dict=True)
    other_curve = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP384R1()).public_key(), as_dict=True)
    published.keys = [
        weak | {"kid": "weak"},
        other_curve | {"kid": "other-curve"},
        OKPAlgorithm.to_jwk(roaming.private_key, as_dict=True) | {"kid": "private"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "secret"},
        roaming.jwk | {"kid": "for-encryption", "use": "enc"},
        roaming.jwk | {"kid": "misnamed", "alg": "RS256"},
        roaming.jwk | {"kid": "broken", "x": "AAAA"},
        roaming.jwk | {"kid": 7},
        roaming.jwk | {"kid": "k" * 200},
        roaming.jwk,
    ]
    await issuers.refresh()
    names = ["weak", "other-curve", "private", "secret", "for-encryption", "misnamed", "broken", "k" * 200]
    assert not any(issuers.keys(name) for name in names)
    assert len(issuers.keys(roaming.key_id)) == 1


@pytest.mark.asyncio
async def test_a_brand_has_so_many_keys(issuers: Issuers, roaming: Issuer, published: KeyServer) -> None:
    """What a brand publishes beyond the limit is not read."""
    published.keys = [roaming.jwk | {"kid": str(number)} for number in range(KEYS_OF_BRAND_LIMIT + 1)]
    await issuers.refresh()
    assert issuers.keys(str(KEYS_OF_BRAND_LIMIT - 1))
    assert not issuers.keys(str(KEYS_OF_BRAND_LIMIT))


@pytest.mark.asyncio
async def test_brands_may_choose_the_same_key_id(
    tokens: Tokens, roaming: Issuer, published: KeyServer, issuer: Issuer
) -> None:
    """A brand that takes another one's key id, or even its key, changes nothing for the other."""
    published.keys = [issuer.jwk, roaming.jwk]
    caller = await tokens.caller(issuer.token("ann").encode())
    assert caller.brand_id == "acme"
    with pytest.raises(Unauthenticated):
        await tokens.caller(issuer.signed(issuer.claims("ann") | {"iss": "https://nobody.test"}).encode())


@pytest.mark.asyncio
async def test_a_malformed_inline_set_harms_nobody_else(
    tokens: Tokens, issuer: Issuer, pool: "asyncpg.Pool[asyncpg.Record]"
) -> None:
    """One brand's bad configuration is that brand's trouble."""
    await pool.execute(
        "INSERT INTO brand (brand_id, name_zh, name_en, issuer, jwks, operator_name, created_ms)"
        " VALUES ('aaa', 'a', 'a', 'https://aaa.test', $1, 'aaa.test', 1)",
        msgspec.json.encode({"keys": "none"}).decode(),
    )
    assert await holds(tokens, issuer)


@pytest.mark.asyncio
async def test_known_keys_hold_without_the_database(
    tokens: Tokens, issuers: Issuers, issuer: Issuer, pool: "asyncpg.Pool[asyncpg.Record]", clock: ManualClock
) -> None:
    """A refresh that fails is logged, and takes nothing away."""
    assert await holds(tokens, issuer)
    await pool.close()
    clock.advance(TABLE_COOL_DOWN_MS)
    with capture_logs() as logs, pytest.raises(asyncpg.InterfaceError):
        await issuers.refresh()
    assert [entry["event"] for entry in logs] == ["issuers.refresh_failed"]
    assert await holds(tokens, issuer)
