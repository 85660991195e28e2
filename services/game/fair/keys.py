"""Ed25519 keys under a name: the key strings and key ids of C2SP signed notes, and keys that are none."""

import base64
import binascii
import hashlib
import re
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

NAME: Final = re.compile(r"[^\s+\x00-\x1f]+")
KEY_BYTES: Final = 32
KEY_ID_BYTES: Final = 4
_FIELD_PRIME: Final = 2**255 - 19
_ORDER_EIGHT: Final = 2707385501144840649318225287225658788936804267575313519463743609750303402022
# The second coordinates of the eight points whose order divides the cofactor: under such a key one signature,
# which needs no secret, holds for every body.
_SMALL_ORDER: Final = frozenset({0, 1, _FIELD_PRIME - 1, _ORDER_EIGHT, _FIELD_PRIME - _ORDER_EIGHT})


class NamedKey(msgspec.Struct, frozen=True):
    """A public key under a name; `key_id` is the four bytes that its signatures start with."""

    name: str
    key_id: bytes
    public_key: Ed25519PublicKey


def parse_key(text: str, *, algorithm: bytes, kind: str) -> NamedKey:
    """What a key string `name+id+base64(algorithm || key)` stands for. ValueError where it is not `kind`."""
    name, _, rest = text.partition("+")
    id_text, _, key = rest.partition("+")
    raw = strict_base64(key)
    if raw is None or len(raw) != 1 + KEY_BYTES or raw[:1] != algorithm or not NAME.fullmatch(name):
        raise ValueError(f"not {kind}")
    if id_text != key_id(name, raw[1:], algorithm=algorithm).hex():
        raise ValueError(f"the id of {kind} is not the one of its name and key")
    if is_weak(raw[1:]):
        raise ValueError(f"anybody could sign for {kind}: it is of small order, or written oddly")
    return NamedKey(name, bytes.fromhex(id_text), Ed25519PublicKey.from_public_bytes(raw[1:]))


def key_text(name: str, raw: bytes, *, algorithm: bytes) -> str:
    """The key string of a key of 32 bytes."""
    encoded = base64.b64encode(algorithm + raw).decode()
    return f"{name}+{key_id(name, raw, algorithm=algorithm).hex()}+{encoded}"


def key_id(name: str, raw: bytes, *, algorithm: bytes) -> bytes:
    """What signatures of a key start with."""
    return hashlib.sha256(name.encode() + b"\n" + algorithm + raw).digest()[:KEY_ID_BYTES]


def is_weak(raw: bytes) -> bool:
    """Whether anybody can sign for a key of 32 bytes, or it is written oddly (RFC 8032, 5.1.3).

    What is not below the prime is no coordinate. OpenSSL takes both for keys.
    """
    coordinate = int.from_bytes(raw, "little") & (1 << 255) - 1
    return coordinate >= _FIELD_PRIME or coordinate in _SMALL_ORDER


def strict_base64(text: str) -> bytes | None:
    """The bytes, None unless the text is their one standard encoding."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if base64.b64encode(raw).decode() == text else None
