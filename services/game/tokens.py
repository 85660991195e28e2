"""Bearer tokens: JWTs (RFC 7519) of a brand's issuer, verified once and remembered until they expire."""

import hashlib
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, NoReturn, TypeVar

import msgspec

from game.auth import Caller, Role
from game.errors import Unauthenticated
from game.issuers import Issuers, TrustedKey
from game.recent import Recent
from game.wire import SubjectName

TOKEN_BYTES = 4_096
TOKENS_REMEMBERED = 50_000
LIFETIME_SECONDS = 3_600
CLOCK_SKEW_SECONDS = 30
AUDIENCES_LIMIT = 20
ROLES_LIMIT = 20

KNOWN_ROLES = {role.value: role for role in Role}

Part = TypeVar("Part")
Time = Annotated[float, msgspec.Meta(ge=0, le=2**40)]


class Header(msgspec.Struct, frozen=True):
    """The protected header; `crit` names extensions that must be understood (RFC 7515): we know none."""

    alg: str
    kid: str
    crit: Any = None


class Claims(msgspec.Struct, frozen=True):
    """What the issuer says. Roles that this service does not know are ignored."""

    iss: str
    sub: SubjectName
    aud: str | Annotated[list[str], msgspec.Meta(max_length=AUDIENCES_LIMIT)]
    iat: Time
    exp: Time
    roles: Annotated[list[str], msgspec.Meta(max_length=ROLES_LIMIT)]
    nbf: Time = 0


@dataclass(frozen=True, slots=True)
class _Verified:
    caller: Caller
    expires_ms: int
    generation: int


class Tokens:
    """Verifies tokens. Before a signature holds, nothing of a token is used but to choose its key."""

    def __init__(self, issuers: Issuers, *, audience: str, clock: Callable[[], int]) -> None:
        self._issuers = issuers
        self._audience = audience
        self._clock = clock
        self._remembered: Recent[bytes, _Verified] = Recent(limit=TOKENS_REMEMBERED)

    async def caller(self, token: bytes) -> Caller:
        """Whom a token speaks for; Unauthenticated when it does not hold."""
        digest = hashlib.sha256(token).digest()
        known = self._remembered.get(digest)
        if known is not None and known.generation == self._issuers.generation:
            if known.expires_ms <= self._clock():
                raise _expired()
            return known.caller
        claims, key = await self._verified(token)
        known = _Verified(_caller(claims, key), int(claims.exp * 1000), self._issuers.generation)
        return self._remembered.put(digest, known).caller

    async def _verified(self, token: bytes) -> tuple[Claims, TrustedKey]:
        if len(token) > TOKEN_BYTES:
            _refuse(f"the token is longer than {TOKEN_BYTES} bytes")
        message, _, signature = token.rpartition(b".")
        header_part, _, claims_part = message.partition(b".")
        header = _part(header_part, Header)
        if header.crit is not None:
            _refuse("the token has critical extensions")
        claims = _part(claims_part, Claims)
        key = await self._key(header, claims.iss)
        if key is None or not key.signed(message, _decoded(signature)):
            _refuse("no key of its issuer signed the token")
        self._check(claims)
        return claims, key

    async def _key(self, header: Header, issuer: str) -> TrustedKey | None:
        if (key := self._known_key(header, issuer)) is not None:
            return key
        await self._issuers.refresh()
        return self._known_key(header, issuer)

    def _known_key(self, header: Header, issuer: str) -> TrustedKey | None:
        # Brands choose their keys' ids, and several may choose the same.
        keys = self._issuers.keys(header.kid)
        return next((key for key in keys if (key.algorithm, key.issuer) == (header.alg, issuer)), None)

    def _check(self, claims: Claims) -> None:
        now = self._clock() / 1000
        if claims.exp <= now:
            raise _expired()
        if max(claims.iat, claims.nbf) > now + CLOCK_SKEW_SECONDS:
            _refuse("the token is not valid yet")
        if claims.exp - claims.iat > LIFETIME_SECONDS:
            _refuse(f"the token lives longer than {LIFETIME_SECONDS} s")
        if self._audience not in ([claims.aud] if isinstance(claims.aud, str) else claims.aud):
            _refuse("the token is for another audience")


def _caller(claims: Claims, key: TrustedKey) -> Caller:
    roles = frozenset(KNOWN_ROLES[role] for role in claims.roles if role in KNOWN_ROLES)
    return Caller(brand_id=key.brand_id, subject=claims.sub, roles=roles)


def _part(text: bytes, type_: type[Part]) -> Part:
    try:
        return msgspec.json.decode(_decoded(text), type=type_)
    except (ValueError, RecursionError):
        _refuse("the token is malformed")


def _decoded(text: bytes) -> bytes:
    try:
        return b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        _refuse("the token is malformed")


def _expired() -> Unauthenticated:
    return Unauthenticated("token_expired", "The token has expired; get a new one from the brand's issuer.")


def _refuse(reason: str) -> NoReturn:
    raise Unauthenticated("token_invalid", f"The token does not hold: {reason}.")
