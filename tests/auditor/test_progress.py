"""How far a long check is: a bar on a terminal, lines elsewhere."""

import io
import sys

import pytest

from game.auditor import progress
from game.auditor.progress import Progress


class Terminal(io.StringIO):
    """What a person looks at."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def test_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """It grows in its place, and is gone before the report is printed."""
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr(progress, "BAR_EVERY_SECONDS", 0.0)
    with Progress("spring", 200) as shown:
        shown(100)
        assert isinstance(sys.stderr, Terminal)
        assert f"\r\033[K[{'#' * 20}{'.' * 20}] spring: 100 of 200 entries" in sys.stderr.getvalue()
    assert sys.stderr.getvalue().endswith("\r\033[K")
    assert "\n" not in sys.stderr.getvalue()


def test_lines_elsewhere(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A log file gets a line now and then, and no control characters."""
    monkeypatch.setattr(progress, "LINE_EVERY_SECONDS", 0.0)
    with Progress("spring", None) as shown:
        shown(100)
    err = capsys.readouterr().err
    assert err.startswith("spring: 100 entries, ")
    assert err.removesuffix("\n").isprintable()
