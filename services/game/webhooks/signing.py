"""Standard Webhooks signatures: `v1` is HMAC-SHA256, `v1a` is Ed25519. Pure; for receivers and senders.

What is signed is `id.timestamp.body`, the body byte for byte as it is sent: one that was parsed and written
anew is another. Keys are texts: `whsec_…` (a shared secret), `whsk_…` (an Ed25519 seed, which signs) and
`whpk_…` (its public key, which verifies), each with base64 behind the prefix.

Source: Standard Webhooks 1.0.0, "Signature scheme" and "Webhook headers". Stricter than its libraries:
headers come once, the id has no full stop, and a signature has one text only.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from typing import Final, Literal, TypeAlias

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from game.fair.keys import is_weak

TOLERANCE_SECONDS: Final = 300
SIGNATURES_MAX: Final = 8
SIGNATURE_HEADER_BYTES: Final = 1_024
SECRET_BYTES: Final = range(24, 65)
ED25519_BYTES: Final = 32
SECRET, SIGNING, PUBLIC = "whsec_", "whsk_", "whpk_"
ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER = b"webhook-id", b"webhook-timestamp", b"webhook-signature"
WEBHOOK_ID: Final = re.compile(r"[!-\-/-~]{1,128}")
TIMESTAMP: Final = re.compile(r"[0-9]{1,15}")

Code = Literal["webhook_headers_invalid", "timestamp_too_old", "timestamp_too_new", "signature_invalid"]
Header: TypeAlias = tuple[bytes, bytes]


class KeyTextError(ValueError):
    """A text is no key of the kind that is asked for; the message does not quote it."""


class SignatureRefused(Exception):
    """A webhook does not hold; `code` says as much of why as a stranger may know."""

    def __init__(self, code: Code, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class SharedKey(msgspec.Struct, frozen=True):
    """A secret of sender and receiver."""

    secret: bytes

    def __repr__(self) -> str:
        return "SharedKey(…)"

    def made(self, signature: str, signed: bytes) -> bool:
        """Whether a signature is this key's, in a time that does not depend on how much of it is right."""
        return hmac.compare_digest(signature.encode(), _hmac(self.secret, signed).encode())


class PublicKey(msgspec.Struct, frozen=True):
    """The public half of a sender's Ed25519 key."""

    raw: bytes

    def made(self, signature: str, signed: bytes) -> bool:
        """Whether a signature is this key's."""
        version, _, encoded = signature.partition(",")
        if version != "v1a":
            return False
        try:
            decoded = _decoded(encoded)
            Ed25519PublicKey.from_public_bytes(self.raw).verify(decoded, signed)
        except (KeyTextError, InvalidSignature):
            return False
        return True


VerifyingKey: TypeAlias = SharedKey | PublicKey


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """The headers of a webhook, well-formed and of now; whether they are true is not known yet."""

    webhook_id: str
    timestamp: str
    signatures: tuple[str, ...]

    def holds(self, keys: Iterable[VerifyingKey], body: bytes) -> bool:
        """Whether one of the keys made one of the signatures, over these very bytes."""
        signed = _signed(self.webhook_id, self.timestamp, body)
        return any(key.made(signature, signed) for key in keys for signature in self.signatures)


def sign(key: str, *, webhook_id: str, timestamp_seconds: int, body: bytes) -> str:
    """The `webhook-signature` of a body, under a `whsec_…` or `whsk_…` key. KeyTextError for another text."""
    signed = _signed(webhook_id, str(timestamp_seconds), body)
    if not key.startswith(SIGNING):
        return _hmac(_secret(key), signed)
    seed = _key_bytes(key, SIGNING, range(ED25519_BYTES, ED25519_BYTES + 1))
    return "v1a," + base64.b64encode(Ed25519PrivateKey.from_private_bytes(seed).sign(signed)).decode()


def signed_headers(key: str, *, webhook_id: str, timestamp_seconds: int, body: bytes) -> dict[str, str]:
    """The three headers that a webhook is sent with. A retry keeps the id and is signed anew."""
    signature = sign(key, webhook_id=webhook_id, timestamp_seconds=timestamp_seconds, body=body)
    values = (webhook_id, str(timestamp_seconds), signature)
    names = (ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER)
    return {name.decode(): value for name, value in zip(names, values, strict=True)}


def verify(keys: Sequence[VerifyingKey], *, headers: Iterable[Header], body: bytes, now_seconds: int) -> str:
    """The id of a webhook that one of the keys signed within the last five minutes; SignatureRefused else."""
    stamp = read_stamp(headers, now_seconds=now_seconds)
    if not stamp.holds(keys, body):
        raise signature_invalid()
    return stamp.webhook_id


def signature_invalid() -> SignatureRefused:
    """The one answer for whatever a signature may lack: a source, a key, or being right."""
    return SignatureRefused("signature_invalid", "No key of this source signed these bytes.")


def read_key(text: str) -> VerifyingKey:
    """The key that a `whsec_…` or `whpk_…` text stands for. KeyTextError for another text."""
    if text.startswith(PUBLIC):
        raw = _key_bytes(text, PUBLIC, range(ED25519_BYTES, ED25519_BYTES + 1))
        _check_point(raw)
        return PublicKey(raw)
    return SharedKey(_secret(text))


def secret_text(secret: bytes) -> str:
    """A shared secret of 24 to 64 bytes as it is shown to people."""
    assert len(secret) in SECRET_BYTES
    return SECRET + base64.b64encode(secret).decode()


def read_stamp(headers: Iterable[Header], *, now_seconds: int) -> Stamp:
    """The three headers, with lower-case names as ASGI has them. SignatureRefused unless they may be true."""
    given = [header for header in headers if header[0].lower() in _NAMES]
    # RFC 9110, 5.5: white space around a value is no part of it. The server strips what comes before only.
    values = {name.lower(): value.strip(b" \t").decode("latin-1") for name, value in given}
    if len(values) != len(_NAMES) or len(given) != len(_NAMES):
        raise _malformed("Send webhook-id, webhook-timestamp and webhook-signature, each once.")
    webhook_id, timestamp = values[ID_HEADER], values[TIMESTAMP_HEADER]
    if not WEBHOOK_ID.fullmatch(webhook_id):
        raise _malformed("webhook-id has 1 to 128 printable ASCII characters and no full stop.")
    if not TIMESTAMP.fullmatch(timestamp):
        raise _malformed("webhook-timestamp is in whole seconds since 1970.")
    _check_age(int(timestamp) - now_seconds)
    return Stamp(webhook_id=webhook_id, timestamp=timestamp, signatures=_signatures(values[SIGNATURE_HEADER]))


_NAMES = frozenset({ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER})


def _check_age(ahead_seconds: int) -> None:
    if ahead_seconds < -TOLERANCE_SECONDS:
        raise SignatureRefused(
            "timestamp_too_old", f"The webhook was sent more than {TOLERANCE_SECONDS} s ago."
        )
    if ahead_seconds > TOLERANCE_SECONDS:
        raise SignatureRefused(
            "timestamp_too_new", f"The webhook says it was sent more than {TOLERANCE_SECONDS} s from now."
        )


def _signatures(header: str) -> tuple[str, ...]:
    if len(header) > SIGNATURE_HEADER_BYTES or not header.isascii():
        raise _malformed(f"webhook-signature has at most {SIGNATURE_HEADER_BYTES} ASCII characters.")
    signatures = tuple(header.split(" "))
    if any(signature.count(",") > 1 for signature in signatures):  # two headers that a proxy has joined
        raise _malformed("webhook-signature comes once, with spaces between its signatures.")
    if len(signatures) > SIGNATURES_MAX:
        raise _malformed(f"webhook-signature has at most {SIGNATURES_MAX} signatures.")
    return signatures


def _malformed(detail: str) -> SignatureRefused:
    return SignatureRefused("webhook_headers_invalid", detail)


def _signed(webhook_id: str, timestamp: str, body: bytes) -> bytes:
    return f"{webhook_id}.{timestamp}.".encode() + body


def _hmac(secret: bytes, signed: bytes) -> str:
    return "v1," + base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()


def _secret(text: str) -> bytes:
    return _key_bytes(text, SECRET, SECRET_BYTES)


def _key_bytes(text: str, prefix: str, lengths: range) -> bytes:
    if not text.startswith(prefix):
        raise KeyTextError(f"the key does not begin with {prefix}")
    decoded = _decoded(text.removeprefix(prefix))
    if len(decoded) not in lengths:
        raise KeyTextError(f"a {prefix} key has {lengths.start} to {lengths.stop - 1} bytes")
    return decoded


def _check_point(raw: bytes) -> None:
    if is_weak(raw):
        raise KeyTextError(f"this {PUBLIC} key is of small order or written oddly: anybody could sign for it")


def _decoded(encoded: str) -> bytes:
    """Base64 with its padding, in the one way in which it can be written."""
    try:
        decoded = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise KeyTextError("this is not base64") from None
    if base64.b64encode(decoded).decode() != encoded:
        raise KeyTextError("this is not base64 as it is written")
    return decoded
