"""The command as a whole."""

import subprocess
import sys

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
