"""Envelope encryption of what is secret in the database, under keys that are not in it.

Each value has a random data key of its own, which alone is wrapped by one of the vault's keys: rotation
wraps data keys anew and never sees what they seal. A sealed value is `0x00 || key id length (1 byte) ||
key id || nonce (12) || wrapped data key (48) || nonce (12) || ciphertext and tag`, all AES-256-GCM (NIST SP
800-38D). The purpose is bound to both as associated data, so that a value cannot be moved to another row.

Values that begin with the length of a key's id, 1 to 32, are older: the vault's key sealed them itself, with
one nonce. They open, and rotation makes envelopes of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
DATA_KEY_BYTES = 32
TAG_BYTES = 16
WRAPPED_BYTES = DATA_KEY_BYTES + TAG_BYTES
SEALING_BYTES = DATA_KEY_BYTES + 2 * NONCE_BYTES
ENVELOPE = b"\0"


@dataclass(frozen=True, slots=True)
class Vault:
    """Seals under the first key, opens under any: put a new key first to rotate."""

    keys: Mapping[str, bytes] = field(repr=False)

    @property
    def prefix(self) -> bytes:
        """How all that is sealed under the first key begins."""
        name = next(iter(self.keys)).encode()
        return ENVELOPE + bytes([len(name)]) + name

    def seal(self, plain: bytes, *, purpose: str, entropy: bytes) -> bytes:
        """Encrypt; `entropy` is SEALING_BYTES random bytes, never used twice."""
        assert len(entropy) == SEALING_BYTES
        data_key, nonces = entropy[:DATA_KEY_BYTES], entropy[DATA_KEY_BYTES:]
        nonce = nonces[NONCE_BYTES:]
        ciphertext = AESGCM(data_key).encrypt(nonce, plain, purpose.encode())
        return self._wrapped(data_key, nonces[:NONCE_BYTES], purpose) + nonce + ciphertext

    def open(self, sealed: bytes, *, purpose: str) -> bytes:
        """Decrypt; KeyError for a key that is gone, InvalidTag for a value that was changed, cut or moved."""
        key, rest = self._key_of(sealed)
        if is_envelope(sealed):
            key, rest = _decrypted(key, rest[: NONCE_BYTES + WRAPPED_BYTES], purpose), _payload(rest)
        return _decrypted(key, rest, purpose)

    def rewrapped(self, sealed: bytes, *, purpose: str, entropy: bytes) -> bytes:
        """The value under the first key; of an envelope only the data key is opened. Raises as `open`."""
        if not is_envelope(sealed):
            return self.seal(self.open(sealed, purpose=purpose), purpose=purpose, entropy=entropy)
        key, rest = self._key_of(sealed)
        data_key = _decrypted(key, rest[: NONCE_BYTES + WRAPPED_BYTES], purpose)
        return self._wrapped(data_key, entropy[:NONCE_BYTES], purpose) + _payload(rest)

    def _wrapped(self, data_key: bytes, nonce: bytes, purpose: str) -> bytes:
        key = next(iter(self.keys.values()))
        return self.prefix + nonce + AESGCM(key).encrypt(nonce, data_key, purpose.encode())

    def _key_of(self, sealed: bytes) -> tuple[bytes, bytes]:
        """The vault's key that a value names, and what follows the name."""
        start = len(ENVELOPE) if is_envelope(sealed) else 0
        end = start + 1 + int.from_bytes(sealed[start : start + 1])
        return self.keys[sealed[start + 1 : end].decode(errors="replace")], sealed[end:]


def is_envelope(sealed: bytes) -> bool:
    """Whether a sealed value has a data key of its own."""
    return sealed.startswith(ENVELOPE)


def _payload(rest: bytes) -> bytes:
    return rest[NONCE_BYTES + WRAPPED_BYTES :]


def _decrypted(key: bytes, box: bytes, purpose: str) -> bytes:
    """What a nonce and the ciphertext after it hold."""
    if len(box) < NONCE_BYTES + TAG_BYTES:
        raise InvalidTag
    return AESGCM(key).decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], purpose.encode())
