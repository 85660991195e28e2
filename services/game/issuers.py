"""The brands' token issuers and their public keys (RFC 7517), refreshed when they may have changed."""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import jwt
import msgspec
import structlog
from jwt.algorithms import Algorithm

from game.db.statements import load

BRANDS_LIMIT = 1_000
KEYS_OF_BRAND_LIMIT = 16
KEY_ID_CHARACTERS = 128
RSA_BITS = range(2048, 4097)
JWKS_BYTES = 65_536
FETCHES_AT_ONCE = 8
FETCH_TIMEOUT_SECONDS = 5.0
TABLE_COOL_DOWN_MS = 1_000
FETCH_COOL_DOWN_MS = 30_000
# How long the last good keys of an issuer that cannot be reached are trusted.
STALE_LIMIT_MS = 24 * 3_600_000
LOOPBACK = ("127.0.0.1", "::1", "localhost")
ALGORITHMS: Final = {("OKP", "Ed25519"): "EdDSA", ("EC", "P-256"): "ES256", ("RSA", None): "RS256"}

log = structlog.get_logger()
_SQL = load("game")


class JwksError(Exception):
    """An issuer's keys cannot be had."""


class _Jwks(msgspec.Struct, frozen=True):
    keys: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKey:
    """A public key of a brand's issuer, for signatures of one algorithm only."""

    brand_id: str
    issuer: str
    key_id: str
    algorithm: str
    fingerprint: bytes
    public_key: Any = field(compare=False, repr=False)
    verifier: Algorithm = field(compare=False, repr=False)

    def signed(self, message: bytes, signature: bytes) -> bool:
        """Whether the signature is this key's."""
        return self.verifier.verify(message, self.public_key, signature)


@dataclass(frozen=True, slots=True)
class _Fetched:
    keys: tuple[TrustedKey, ...]
    fetched_ms: int
    tried_ms: int


class Issuers:
    """All keys that may have signed a token, by key id. `generation` counts how often they changed."""

    def __init__(
        self,
        pool: "asyncpg.Pool[asyncpg.Record]",
        session: aiohttp.ClientSession,
        *,
        clock: Callable[[], int],
    ) -> None:
        self.generation = 0
        self._pool = pool
        self._session = session
        self._clock = clock
        self._keys: Mapping[str, tuple[TrustedKey, ...]] = {}
        self._fetched: dict[str, _Fetched] = {}
        self._fetches = asyncio.Semaphore(FETCHES_AT_ONCE)
        self._refresh: asyncio.Task[None] | None = None
        self._refreshed_ms = -TABLE_COOL_DOWN_MS

    def keys(self, key_id: str) -> tuple[TrustedKey, ...]:
        """The keys of an id: of one brand, unless several chose the same id."""
        return self._keys.get(key_id, ())

    async def refresh(self) -> None:
        """Read brands and keys again, once for all who ask meanwhile and not sooner than the cool-down."""
        if self._refresh is None:
            if self._clock() - self._refreshed_ms < TABLE_COOL_DOWN_MS:
                return
            self._refresh = asyncio.create_task(self._read())
            self._refresh.add_done_callback(self._done)
        await asyncio.shield(self._refresh)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._refresh = None
        if not task.cancelled() and task.exception():
            log.warning("issuers.refresh_failed", reason=type(task.exception()).__name__)

    async def _read(self) -> None:
        brands = await self._pool.fetch(_SQL.brand_issuers, BRANDS_LIMIT)
        self._refreshed_ms = self._clock()
        sets = await asyncio.gather(*(self._keys_of(brand) for brand in brands))
        known = {brand["brand_id"] for brand in brands}
        self._fetched = {id_: fetched for id_, fetched in self._fetched.items() if id_ in known}
        keys = _by_id(key for keys in sets for key in keys)
        if keys != self._keys:
            self._keys = keys
            self.generation += 1
            log.info("issuers.keys_changed", brands=len(brands), keys=len(keys))

    async def _keys_of(self, brand: asyncpg.Record) -> tuple[TrustedKey, ...]:
        if brand["jwks"] is not None:
            return _inline_keys(brand)
        before = self._fetched.get(brand["brand_id"], _Fetched((), 0, -FETCH_COOL_DOWN_MS))
        if self._clock() - before.tried_ms >= FETCH_COOL_DOWN_MS:
            before = self._fetched[brand["brand_id"]] = await self._fetch(brand, before)
        return before.keys

    async def _fetch(self, brand: asyncpg.Record, before: _Fetched) -> _Fetched:
        now_ms = self._clock()
        try:
            async with self._fetches:
                keys = _trusted_keys(brand, await _download(self._session, brand["jwks_url"]))
        except (JwksError, aiohttp.ClientError, TimeoutError, ValueError) as error:
            log.warning("issuers.fetch_failed", brand_id=brand["brand_id"], reason=repr(error))
            stale = now_ms - before.fetched_ms > STALE_LIMIT_MS
            return _Fetched(() if stale else before.keys, before.fetched_ms, now_ms)
        return _Fetched(keys, now_ms, now_ms)


async def _download(session: aiohttp.ClientSession, url: str) -> bytes:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise JwksError("keys are fetched over https only")
    timeout = aiohttp.ClientTimeout(total=FETCH_TIMEOUT_SECONDS)
    async with session.get(url, timeout=timeout, allow_redirects=False) as answer:
        if answer.status != 200:
            raise JwksError(f"the answer has status {answer.status}")
        body = bytearray()
        async for chunk in answer.content.iter_any():
            body += chunk
            if len(body) > JWKS_BYTES:
                raise JwksError(f"the answer is longer than {JWKS_BYTES} bytes")
        return bytes(body)


def _by_id(keys: Iterable[TrustedKey]) -> dict[str, tuple[TrustedKey, ...]]:
    found: defaultdict[str, tuple[TrustedKey, ...]] = defaultdict(tuple)
    for key in keys:
        found[key.key_id] += (key,)
    return dict(found)


def _inline_keys(brand: asyncpg.Record) -> tuple[TrustedKey, ...]:
    try:
        return _trusted_keys(brand, brand["jwks"])
    except JwksError as error:
        log.warning("issuers.keys_refused", brand_id=brand["brand_id"], reason=str(error))
        return ()


def _trusted_keys(brand: asyncpg.Record, jwks: bytes | str) -> tuple[TrustedKey, ...]:
    try:
        given = msgspec.json.decode(jwks, type=_Jwks).keys[:KEYS_OF_BRAND_LIMIT]
    except (ValueError, RecursionError) as error:
        raise JwksError("the key set is not a JWKS") from error
    found: dict[str, TrustedKey] = {}
    for jwk in given:
        try:
            key = _trusted_key(brand, jwk)
        except Exception as error:  # an issuer may publish anything, and must not harm another brand's keys
            log.warning("issuers.key_refused", brand_id=brand["brand_id"], reason=repr(error))
        else:
            found.setdefault(key.key_id, key)
    return tuple(found.values())


def _trusted_key(brand: asyncpg.Record, jwk: dict[str, Any]) -> TrustedKey:
    key_id, curve = jwk.get("kid"), jwk.get("crv")
    algorithm = ALGORITHMS.get((str(jwk.get("kty")), curve))
    if algorithm is None or jwk.get("alg", algorithm) != algorithm or jwk.get("use", "sig") != "sig":
        raise JwksError("not an Ed25519, P-256 or RSA signature key")
    if not isinstance(key_id, str) or not 1 <= len(key_id) <= KEY_ID_CHARACTERS:
        raise JwksError("the key has no id, or one that is too long")
    if "d" in jwk:
        raise JwksError("the key is a private one")
    parsed = jwt.PyJWK(jwk, algorithm=algorithm)
    if algorithm == "RS256" and parsed.key.key_size not in RSA_BITS:
        raise JwksError("RSA keys have 2048 to 4096 bits")
    return TrustedKey(
        brand_id=brand["brand_id"],
        issuer=brand["issuer"],
        key_id=key_id,
        algorithm=algorithm,
        fingerprint=hashlib.sha256(msgspec.json.encode(jwk, order="deterministic")).digest(),
        public_key=parsed.key,
        verifier=parsed.Algorithm,
    )
