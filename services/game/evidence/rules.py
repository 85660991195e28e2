"""What a pack shows of players, and how long it is kept."""

import hmac
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

RETENTION_YEARS = 2
MASK_CHARS = 16
# A player's account in the core ledger, which names the player; also within a sentence, before its full stop.
PLAYER_ACCOUNT = re.compile(r"player:[A-Za-z0-9._~-]*[A-Za-z0-9_~-]")


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
        return _pseudonym(self._key, player_id)

    def words(self, text: str) -> str:
        """A text in which accounts of players are pseudonyms too, wherever they stand."""
        key = self._key
        if key is None:
            return text
        return PLAYER_ACCOUNT.sub(lambda account: _pseudonym(key, account[0]), text)

    def line(self, row: Mapping[str, Any]) -> bytes:
        """One line of a file: what the row says, and whom it is about.

        An operation's digest goes with its names: whoever has it could try out names until one fits.
        """
        line = msgspec.json.decode(self.words(row["line"]))
        if row["player_id"] is not None:
            line["player"] = self.of(str(row["player_id"]), row["subject"])
        if self._key is not None and "operation" in line:
            line["operation"].pop("ref", None)
            line.pop("sha256", None)
        return msgspec.json.encode(line, order="sorted") + b"\n"


def _pseudonym(key: bytes, name: str) -> str:
    return "masked-" + hmac.digest(key, name.encode(), "sha256").hex()[:MASK_CHARS]
