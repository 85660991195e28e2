"""What a pack is: its files, its manifest, its mask, and how long it is kept."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

FORMAT = "playfair evidence/1"
RETENTION_YEARS = 2
MASK_CHARS = 16
PLAYER_ACCOUNT = "player:"


class PackedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a pack."""

    path: str
    bytes: int
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


def kept_until_ms(closes_ms: int, made_ms: int) -> int:
    """Two years after the end of the campaign, and of the pack where that was made later."""
    end = datetime.fromtimestamp(max(closes_ms, made_ms) / 1000, UTC)
    # The day after the same date, so that two years are whole; what 29 February lacks is 1 March.
    last_day = date(end.year + RETENTION_YEARS, end.month, 1) + timedelta(days=end.day)
    return int(datetime.combine(last_day, end.time(), UTC).timestamp() * 1000)


class Mask:
    """Pseudonyms that are the same within one pack, and tell nothing outside of it: the key is not kept.

    Without a key names stay as they are.
    """

    def __init__(self, key: bytes | None) -> None:
        self._key = key

    def of(self, player_id: str, subject: str | None) -> str:
        """How a pack calls a player: by the subject, or by a pseudonym."""
        if self._key is None:
            return subject or f"erased-{player_id}"
        return "masked-" + hmac.digest(self._key, player_id.encode(), "sha256").hex()[:MASK_CHARS]

    def account(self, account: str) -> str:
        """An account of the ledger; a player's is a name too."""
        if self._key is None or not account.startswith(PLAYER_ACCOUNT):
            return account
        return "masked-" + hmac.digest(self._key, account.encode(), "sha256").hex()[:MASK_CHARS]

    def line(self, row: Mapping[str, Any]) -> bytes:
        """One line of a file: what the row says, and whom it is about."""
        line = msgspec.json.decode(row["line"])
        if row["player_id"] is not None:
            line["player"] = self.of(str(row["player_id"]), row["subject"])
        for leg in line.get("operation", {}).get("legs", ()):
            leg.update({side: self.account(leg[side]) for side in ("debit", "credit")})
        if self._key is not None and "operation" in line:
            line["operation"].pop("ref", None)
        return msgspec.json.encode(line, order="sorted") + b"\n"


def packed(files: Mapping[str, bytes]) -> Sequence[PackedFile]:
    """The manifest's lines for files at hand."""
    return [
        PackedFile(path=path, bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
        for path, content in sorted(files.items())
    ]
