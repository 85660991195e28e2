"""The token issuer of the embedded run, which stands in for a brand's own (RFC 7519, RFC 8037)."""

import hashlib
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from game.auth import Role
from game.tokens import LIFETIME_SECONDS

ISSUER = "https://issuer.playfair.localhost"


def mint(key: Ed25519PrivateKey, *, subject: str, role: Role, audience: str, now_seconds: int) -> str:
    """A token for one person of the demonstration brand, for as long as the service takes one."""
    claims = {
        "iss": ISSUER,
        "sub": subject,
        "aud": audience,
        "iat": now_seconds,
        "exp": now_seconds + LIFETIME_SECONDS,
        "roles": [role.value],
    }
    return jwt.encode(claims, key, algorithm="EdDSA", headers={"kid": _key_id(key)})


def key_set(key: Ed25519PrivateKey) -> dict[str, Any]:
    """The JSON Web Key Set that verifies the tokens (RFC 7517)."""
    public = OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {"keys": [public | {"kid": _key_id(key), "alg": "EdDSA", "use": "sig"}]}


def _key_id(key: Ed25519PrivateKey) -> str:
    return hashlib.sha256(key.public_key().public_bytes_raw()).hexdigest()[:16]
