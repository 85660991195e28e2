"""The command as a whole, and the pieces that no small tour reaches."""

import subprocess
import sys

import pytest

from game.tour.download import bundle_name, unbundled

LIMIT_SECONDS = 120


def test_the_tour_finds_that_everything_agrees() -> None:
    """`playfair tour` plays 400 times, holds a fair, checks everything, and succeeds."""
    command = [sys.executable, "-P", "-m", "game", "tour"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT_SECONDS)
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout + ran.stderr
    for line in (
        "Everything agrees.",
        "409 limit_total",
        "rejected: have 40, need 50",
        "422 idempotency_mismatch",
        "2 taken back",
        "full set for Tea set",
    ):
        assert line in ran.stdout


@pytest.mark.parametrize(
    ("index", "width", "name"),
    [(0, 256, "000"), (7, 3, "007.p/3"), (999, 256, "999"), (1_234, 255, "x001/234.p/255")],
)
def test_bundles_have_the_names_of_tlog_tiles(index: int, width: int, name: str) -> None:
    """C2SP tlog-tiles: groups of three digits, x before all but the last, the width where it is partial."""
    assert bundle_name(index, width) == name


def test_a_bundle_is_taken_apart() -> None:
    """Each entry stands after its length; one may be longer than 255 bytes."""
    assert list(unbundled(b"\x00\x02ab\x01\x00" + b"c" * 256)) == [b"ab", b"c" * 256]
