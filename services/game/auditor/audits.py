"""What the check of one log came to, for every kind of report."""

from typing import Literal

import msgspec

from game.auditor.statistics import Statistics
from game.fair.verify import Report


class Audit(msgspec.Struct, frozen=True):
    """One log that was checked. `source` says where it was read, `root` (hex) is that of its checkpoint.

    `findings` are what is wrong besides the replay's own: another key, a rewritten log. `notes` are what a
    reader should know, and what was not checked.
    """

    source: str
    origin: str
    root: str
    checked_ms: int
    log: Report
    findings: tuple[str, ...]
    notes: tuple[str, ...]
    statistics: Statistics

    @property
    def verdict(self) -> Literal["OK", "BAD"]:
        """BAD when anything is wrong; a warning is no proof."""
        return "BAD" if self.findings or self.log.verdict == "BAD" else "OK"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the odds do not explain, and what is odd about the log."""
        return self.log.warnings + self.statistics.warnings

    @property
    def wrong(self) -> tuple[str, ...]:
        """What is wrong, in words: the replay's finding with its check and entry, and the other findings."""
        if self.log.says is None:
            return self.findings
        place = "" if self.log.entry is None else f", entry {self.log.entry}"
        return (f"check {self.log.check}{place}: {self.log.says}", *self.findings)
