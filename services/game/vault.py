"""Envelope encryption of pool secrets and log keys: AES-256-GCM under keys that are not in the database.

A sealed value is `key id length (1 byte) || key id || nonce (12) || ciphertext and tag`; the purpose is
bound as associated data, so that a sealed value cannot be moved to another row.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Vault:
    """Seals under the first key, opens under any: put a new key first to rotate."""

    keys: Mapping[str, bytes] = field(repr=False)

    def seal(self, plain: bytes, *, purpose: str, nonce: bytes) -> bytes:
        """Encrypt; `nonce` is 12 random bytes, never used twice."""
        assert len(nonce) == NONCE_BYTES
        key_id, key = next(iter(self.keys.items()))
        name = key_id.encode()
        sealed = AESGCM(key).encrypt(nonce, plain, purpose.encode())
        return bytes([len(name)]) + name + nonce + sealed

    def open(self, sealed: bytes, *, purpose: str) -> bytes:
        """Decrypt; KeyError for a key that is gone, InvalidTag for a value that was changed or moved."""
        start = 1 + sealed[0]
        key = self.keys[sealed[1:start].decode()]
        nonce, ciphertext = sealed[start : start + NONCE_BYTES], sealed[start + NONCE_BYTES :]
        return AESGCM(key).decrypt(nonce, ciphertext, purpose.encode())
