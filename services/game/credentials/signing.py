"""Signing documents as VC-JWT (Open Badges 3.0, section 8.2): RS256, which every verifier has to know.

PKCS #1 v1.5 signatures are deterministic, so the same document gives the same bytes.
"""

import base64
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)

KEY_BITS: Final = 2_048
EXPONENT: Final = 65_537


class Key(msgspec.Struct, frozen=True):
    """A new key: the private half, which nobody sees, and the public one, in DER."""

    private: bytes
    public: bytes


class Signer(msgspec.Struct, frozen=True):
    """A key, and the address of its public half."""

    key: RSAPrivateKey
    kid: str

    def sign(self, payload: bytes) -> str:
        """A compact JWS. The header names where the key is and never has it in it: no key proves itself."""
        header = msgspec.json.encode({"alg": "RS256", "kid": self.kid, "typ": "JWT"}, order="sorted")
        signed = b".".join(map(_base64url, (header, payload)))
        signature = self.key.sign(signed, PKCS1v15(), SHA256())
        return b".".join((signed, _base64url(signature))).decode()


def new_key() -> Key:
    """A new key, which takes some tenths of a second. OpenSSL finds the primes with its own entropy."""
    key = generate_private_key(public_exponent=EXPONENT, key_size=KEY_BITS)
    return Key(
        key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
        key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    )


def signer(private: bytes, *, kid: str) -> Signer:
    """The signer of a private key in DER."""
    key = load_der_private_key(private, password=None)
    assert isinstance(key, RSAPrivateKey)
    return Signer(key, kid)


def jwk(public: bytes, *, kid: str) -> dict[str, str]:
    """A public key in DER as a JWK (RFC 7517)."""
    key = load_der_public_key(public)
    assert isinstance(key, RSAPublicKey)
    numbers = key.public_numbers()
    return {
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": kid,
        "n": _integer(numbers.n),
        "e": _integer(numbers.e),
    }


def _integer(number: int) -> str:
    return _base64url(number.to_bytes((number.bit_length() + 7) // 8, "big")).decode()


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
