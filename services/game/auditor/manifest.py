"""The manifest of an evidence pack: whoever makes one and whoever checks it read the same."""

from typing import Annotated

import msgspec

FORMAT = "playfair evidence/1"
MANIFEST, NOTE = "manifest.json", "manifest.note"
LOG, CHECKPOINT = "log/log.jsonl", "log/checkpoint"
RECEIPTS, RULES = "receipts/", "rules/"


class PackedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a pack; `sha256` in hex."""

    path: str
    bytes: Annotated[int, msgspec.Meta(ge=0)]
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a pack holds. Its digest is signed with the log's key, so nothing of it changes unseen."""

    format: str
    campaign: str
    origin: str
    size: int
    root: str
    made_ms: int
    masked: bool
    files: tuple[PackedFile, ...]


def manifest_bytes(manifest: Manifest) -> bytes:
    """The manifest's one form: sorted keys, no spaces."""
    return msgspec.json.encode(manifest, order="sorted")


def signed_text(origin: str, manifest_sha256: bytes) -> str:
    """The text of the note over a manifest. Its first line is no log's origin, so it is no checkpoint."""
    return f"{origin}/evidence\n{manifest_sha256.hex()}\n"
