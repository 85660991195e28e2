"""What happened, in order: hashed always, kept when somebody wants to read it."""

import hashlib

from tests.simulation.timeline import Timeline


class Trace:
    """Notes of one simulation; the same seed gives the same digest."""

    def __init__(self, timeline: Timeline, *, keeps_lines: bool) -> None:
        self.lines: list[str] = []
        self._timeline = timeline
        self._keeps_lines = keeps_lines
        self._hash = hashlib.sha256()

    def note(self, what: str) -> None:
        """Add a note at the present instant."""
        line = f"{self._timeline.now:12.6f} {what}"
        self._hash.update(line.encode() + b"\n")
        if self._keeps_lines:
            self.lines.append(line)

    @property
    def digest(self) -> str:
        """SHA-256 of all notes so far, in hex."""
        return self._hash.hexdigest()
