"""A brand's token issuer, as its own systems would run it."""

from collections.abc import Callable
from typing import Any

import asyncpg
import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from game.resources import system_clock

AUDIENCE = "playfair"
LIFETIME_SECONDS = 600


class Issuer:
    """Mints the tokens of one brand, with an Ed25519 key that follows from the brand's name."""

    def __init__(self, brand_id: str = "acme", *, clock: Callable[[], int] = system_clock) -> None:
        self.brand_id = brand_id
        self.clock = clock
        self.url = f"https://issuer.{brand_id}.test"
        self.key_id = f"{brand_id}-1"
        self.private_key = Ed25519PrivateKey.from_private_bytes(brand_id.encode().ljust(32, b"."))

    @property
    def jwk(self) -> dict[str, Any]:
        """The public key (RFC 8037)."""
        public = OKPAlgorithm.to_jwk(self.private_key.public_key(), as_dict=True)
        return {**public, "kid": self.key_id, "alg": "EdDSA", "use": "sig"}

    async def insert_brand(self, database_url: str, *, jwks_url: str | None = None) -> None:
        """Store the brand, with its key inline or the address of its keys; a second later tokens hold."""
        connection = await asyncpg.connect(database_url)
        try:
            await connection.execute(
                "INSERT INTO brand"
                " (brand_id, name_zh, name_en, issuer, jwks, jwks_url, operator_name, created_ms)"
                " VALUES ($1, $1, $1, $2, $3, $4, $5, 1)",
                self.brand_id,
                self.url,
                None if jwks_url else msgspec.json.encode({"keys": [self.jwk]}).decode(),
                jwks_url,
                f"{self.brand_id}.test",
            )
        finally:
            await connection.close()

    def claims(self, subject: str, *roles: str) -> dict[str, Any]:
        """What a token says."""
        now_seconds = self.clock() // 1000
        return {
            "iss": self.url,
            "sub": subject,
            "aud": AUDIENCE,
            "iat": now_seconds,
            "exp": now_seconds + LIFETIME_SECONDS,
            "roles": list(roles),
        }

    def signed(self, claims: dict[str, Any], **header: Any) -> str:
        """A token that says anything."""
        return jwt.encode(claims, self.private_key, algorithm="EdDSA", headers={"kid": self.key_id, **header})

    def token(self, subject: str, *roles: str) -> str:
        """A token for a subject of the brand: a player's when no roles are given."""
        return self.signed(self.claims(subject, *(roles or ("player",))))

    def headers(self, subject: str, *roles: str) -> dict[str, str]:
        """The Authorization header of such a token."""
        return {"Authorization": f"Bearer {self.token(subject, *roles)}"}
