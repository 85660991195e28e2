"""What an embedded run must keep to itself: made at random once, and kept in its data folder."""

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FILE = "secrets.json"


class Secrets(msgspec.Struct, frozen=True, kw_only=True):
    """Token of the ledger, key that seals secrets, Ed25519 key that signs tokens; the keys have 32 bytes."""

    ledger_token: str
    sealing_key: bytes
    issuer_key: bytes

    def __repr__(self) -> str:
        return "Secrets(…)"

    def secret_keys(self) -> str:
        """As `PLAYFAIR_SECRET_KEYS` wants it."""
        return f"embedded:{base64.b64encode(self.sealing_key).decode()}"

    def webhook_secret(self) -> bytes:
        """The secret of the demonstration brand's webhook source, 32 bytes; it follows from another one."""
        return hmac.digest(self.sealing_key, b"webhook source", hashlib.sha256)

    def issuer(self) -> Ed25519PrivateKey:
        """The key of the token issuer."""
        return Ed25519PrivateKey.from_private_bytes(self.issuer_key)


def keep_secrets(folder: Path) -> Secrets:
    """The secrets of a data folder, made now when it has none."""
    if not (folder / FILE).exists():
        made = Secrets(
            ledger_token=secrets.token_urlsafe(32),
            sealing_key=secrets.token_bytes(32),
            issuer_key=secrets.token_bytes(32),
        )
        _write(folder / FILE, msgspec.json.encode(made))
    return read_secrets(folder)


def read_secrets(folder: Path) -> Secrets:
    """The secrets of a data folder; FileNotFoundError when nothing ran there yet."""
    return msgspec.json.decode((folder / FILE).read_bytes(), type=Secrets)


def _write(path: Path, content: bytes) -> None:
    """Write aside, readable by us alone, and rename: a killed run leaves no half of a file."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
