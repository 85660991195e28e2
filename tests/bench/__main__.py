"""`make bench`: what the service does in a second and what that costs, against yardsticks in the same run."""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop

from tests.bench import boards, events, plays, polls, progress, replay
from tests.bench.installation import installed
from tests.bench.report import Report, lines_of, machine, write
from tests.bench.rounds import Scale

ROUNDS = 5
PARTS = {
    "plays": plays.played,
    "events": events.accepted,
    "progress": progress.processed,
    "polls": polls.polled,
    "boards": boards.ranked,
    "replay": replay.replayed,
}


def main() -> int:
    """The exit code."""
    if sys.platform != "linux":
        print("make bench reads CPU times from /proc, which only Linux has.", file=sys.stderr)
        return 2
    uvloop.run(_run(_parser().parse_args()))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="what to measure; all when not given")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="turns of each contestant")
    parser.add_argument("--players", type=int, default=100_000, help="how full the tables get: up to 1000000")
    parser.add_argument("--out", type=Path, default=Path("bench.json"), help="where the figures go as JSON")
    return parser


async def _run(given: argparse.Namespace) -> None:
    report = Report(machine=machine(), sections=[])
    for name in given.parts or PARTS:
        _tell(f"{name} …")
        with TemporaryDirectory(prefix="playfair-bench-") as folder:
            async with installed(Path(folder)) as installation:
                scale = Scale(rounds=given.rounds, players=given.players, tell=_tell)
                report.sections.append(await PARTS[name](installation, scale))
        write(report, given.out)
    _tell("\n".join(line for section in report.sections for line in lines_of(section)))
    _tell(f"\nAll rounds are in {given.out}.")


def _tell(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
