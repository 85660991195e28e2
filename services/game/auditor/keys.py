"""The keys that an auditor has pinned: one line `name+id+key` for each log."""

from collections.abc import Mapping
from pathlib import Path

from game.auditor.reading import UnreadableError, read_file
from game.fair.note import Verifier

MAX_KEY_BYTES = 1_000_000


class Keys:
    """Verifiers by the log's origin."""

    def __init__(self, verifiers: Mapping[str, Verifier]) -> None:
        self._verifiers = verifiers

    def of(self, origin: str) -> Verifier | None:
        """The pinned key of a log; None where there is none."""
        return self._verifiers.get(origin)

    def for_note(self, note: bytes) -> Verifier:
        """The key of whatever log a note says to be of; the only key where one is all there is."""
        origin = note.split(b"\n", 1)[0].decode(errors="replace")
        verifier = self.of(origin) or (self._only() if len(self._verifiers) == 1 else None)
        if verifier is None:
            raise UnreadableError(f"no key of {origin!r} is pinned")
        return verifier

    def _only(self) -> Verifier:
        return next(iter(self._verifiers.values()))

    def origins(self) -> frozenset[str]:
        """The logs that have a pinned key."""
        return frozenset(self._verifiers)


def read_keys(path: Path) -> Keys:
    """The keys of a file. Raises UnreadableError for a line that is none, and for two keys of one log."""
    lines = read_file(path, limit=MAX_KEY_BYTES).decode(errors="replace").split()
    verifiers: dict[str, Verifier] = {}
    for line in lines:
        verifier = _parsed(path, line)
        if verifiers.setdefault(verifier.name, verifier) != verifier:
            raise UnreadableError(f"{path}: two keys of {verifier.name}")
    if not verifiers:
        raise UnreadableError(f"{path}: no key")
    return Keys(verifiers)


def _parsed(path: Path, line: str) -> Verifier:
    try:
        return Verifier.parse(line)
    except ValueError as error:
        raise UnreadableError(f"{path}: {line!r} is no key: {error}") from error
