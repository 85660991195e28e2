"""How much memory a replay takes at its peak: `python -m tests.bench.memory 100000 10000000`.

Each number is of draws, in seats of 256, or of what SEAT_DRAWS in the environment says.
"""

import os
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from game.fair.verify import verify_log
from tests.bench.logs import write_log
from tests.fair.vectors import VERIFIER

KILOBYTE = 1000


def main(arguments: list[str]) -> None:
    """With numbers: write such logs and replay each in a process of its own. With a file: replay it."""
    if arguments[0] == "--replay":
        _replay(Path(arguments[1]))
        return
    seat_draws = int(os.environ.get("SEAT_DRAWS", "256"))
    for draws in map(int, arguments):
        with TemporaryDirectory(prefix="playfair-bench-") as folder:
            path, checkpoint = write_log("wheel", Path(folder), draws=draws, seat_draws=seat_draws)
            path.with_suffix(".note").write_bytes(checkpoint)
            print(
                f"{draws:,} draws, {path.stat().st_size / KILOBYTE**2:,.0f} MB of entries: ",
                end="",
                flush=True,
            )
            subprocess.run([sys.executable, "-m", "tests.bench.memory", "--replay", path], check=True)


def _replay(path: Path) -> None:
    with path.open("rb") as lines:
        report = verify_log(lines, path.with_suffix(".note").read_bytes(), VERIFIER)
    assert report.verdict == "OK", report
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(f"{used.ru_maxrss / KILOBYTE:,.0f} MB at the peak, {used.ru_utime + used.ru_stime:,.1f} s of CPU")


if __name__ == "__main__":
    main(sys.argv[1:])
