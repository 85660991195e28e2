"""Signed notes and checkpoints, C2SP signed-note and tlog-checkpoint, with Ed25519 keys."""

import base64
import re

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from game.fair.findings import Finding
from game.fair.keys import NAME, NamedKey, key_id, key_text, parse_key, strict_base64

MAX_NOTE_BYTES = 65_536
MAX_SIGNATURES = 100
_ED25519 = b"\x01"
DASH = "\u2014 "
_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")


class Verifier(NamedKey, frozen=True):
    """The key of a log, or of whoever signs notes."""

    @classmethod
    def parse(cls, text: str) -> "Verifier":
        """The verifier key that a key string `name+id+key` stands for. Raises ValueError for any other."""
        key = parse_key(text, algorithm=_ED25519, kind="a verifier key of an Ed25519 key")
        return cls(key.name, key.key_id, key.public_key)


class Checkpoint(msgspec.Struct, frozen=True):
    """The root of a log at a size. `origin` names the log."""

    origin: str
    size: int
    root: bytes


def vkey(name: str, public_key: Ed25519PublicKey) -> str:
    """The key string that a verifier is told: `name+id+base64(0x01 || key)`."""
    assert NAME.fullmatch(name)
    return key_text(name, public_key.public_bytes_raw(), algorithm=_ED25519)


def checkpoint_body(origin: str, size: int, root: bytes) -> bytes:
    """The text of a checkpoint: what `sign` signs."""
    assert NAME.fullmatch(origin)
    assert len(root) == 32
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n".encode()


def sign(body: bytes, name: str, private_key: Ed25519PrivateKey) -> bytes:
    """The signed note over a text that ends in a line feed."""
    assert body.endswith(b"\n")
    start = key_id(name, private_key.public_key().public_bytes_raw(), algorithm=_ED25519)
    signature = base64.b64encode(start + private_key.sign(body)).decode()
    return body + f"\n{DASH}{name} {signature}\n".encode()


def open_note(note: bytes, verifier: Verifier) -> bytes:
    """The text of a note that this key has signed. Signatures of other keys are ignored.

    Raises a Finding (check 1) where the note is malformed, the key has not signed it, or not this text.
    """
    text, lines = signatures_of(note)
    signatures = [signature for name, signature in lines if _is_by(verifier, name, signature)]
    _require(len(signatures) > 0, f"no signature of {verifier.name}")
    for signature in signatures:
        try:
            verifier.public_key.verify(signature[4:], text)
        except InvalidSignature:
            raise Finding(1, f"the signature of {verifier.name} is not valid") from None
    return text


def open_checkpoint(note: bytes, verifier: Verifier) -> Checkpoint:
    """The checkpoint that this log's key has signed. Raises a Finding (check 1) for any other note."""
    lines = open_note(note, verifier).decode().split("\n")
    _require(len(lines) == 4, "a checkpoint has three lines")
    origin, size, root_text, _ = lines
    _require(origin == verifier.name, "the checkpoint is of another log")
    root = strict_base64(root_text)
    if root is None or len(root) != 32 or not _SIZE.fullmatch(size):
        raise Finding(1, "a checkpoint's second line is a size, its third a hash")
    return Checkpoint(origin, int(size), root)


def _is_by(verifier: Verifier, name: str, signature: bytes) -> bool:
    return name == verifier.name and signature[:4] == verifier.key_id


def signatures_of(note: bytes) -> tuple[bytes, list[tuple[str, bytes]]]:
    """A note's text, and its signatures by name, unverified. Raises a Finding (check 1) for no note."""
    _require(len(note) <= MAX_NOTE_BYTES, "the note is too long")
    text, blank, signatures = note.rpartition(b"\n\n")
    _require(blank != b"" and signatures.endswith(b"\n"), "not a signed note")
    try:
        note.decode()
    except UnicodeDecodeError:
        raise Finding(1, "the note is not UTF-8") from None
    _require(all(byte >= 0x20 or byte == 0x0A for byte in note), "the note has control characters")
    lines = signatures.decode().removesuffix("\n").split("\n")
    _require(len(lines) <= MAX_SIGNATURES, "the note has too many signatures")
    return text + b"\n", [_signature(line) for line in lines]


def _signature(line: str) -> tuple[str, bytes]:
    name, _, encoded = line.removeprefix(DASH).partition(" ")
    signature = strict_base64(encoded)
    if not line.startswith(DASH) or not NAME.fullmatch(name) or signature is None or len(signature) < 5:
        raise Finding(1, "malformed signature line")
    return name, signature


def _require(holds: bool, says: str) -> None:
    if not holds:
        raise Finding(1, says)
