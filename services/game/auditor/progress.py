"""Shows how far a long check is: a bar on a terminal, a line now and then elsewhere."""

import sys
import time
from typing import Self

BAR_CHARS = 40
BAR_EVERY_SECONDS = 0.2
LINE_EVERY_SECONDS = 10.0


class Progress:
    """Of one log. Call it with the number of entries that are done."""

    def __init__(self, name: str, total: int | None) -> None:
        self._name, self._total = name, total
        self._bar = sys.stderr.isatty()
        self._started = self._shown = time.monotonic()

    def __call__(self, done: int) -> None:
        """Show it, if it was not shown just now."""
        now = time.monotonic()
        if now - self._shown >= (BAR_EVERY_SECONDS if self._bar else LINE_EVERY_SECONDS):
            self._shown = now
            rate = round(done / max(now - self._started, 1e-9))
            print(self._line(done, rate), end="" if self._bar else "\n", file=sys.stderr, flush=True)

    def _line(self, done: int, rate: int) -> str:
        of = f" of {self._total}" if self._total else ""
        words = f"{self._name}: {done}{of} entries, {rate} a second"
        if not self._bar:
            return words
        full = BAR_CHARS * done // self._total if self._total else 0
        return f"\r\033[K[{'#' * full}{'.' * (BAR_CHARS - full)}] {words}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Take the bar away."""
        if self._bar:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
