"""`make bench`: what the service does in a second and what that costs, against yardsticks in the same run."""

import argparse
import sys
from pathlib import Path

import uvloop

from game.telemetry import configure_logging
from tests.bench.parts import PARTS, measured
from tests.bench.plot import draw
from tests.bench.report import Report, lines_of, machine, write
from tests.bench.rounds import Scale

ROUNDS = 5


def main() -> int:
    """The exit code."""
    if sys.platform != "linux":
        print("make bench reads CPU times from /proc, which only Linux has.", file=sys.stderr)
        return 2
    configure_logging("warning")
    uvloop.run(_run(_parser().parse_args()))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="what to measure; all when not given")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="turns of each contestant")
    parser.add_argument("--players", type=int, default=100_000, help="how full tables get: up to 10000000")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("bench.json"),
        help="where the figures go; a picture beside it",
    )
    return parser


async def _run(given: argparse.Namespace) -> None:
    report = Report(machine=machine(), sections=[])
    scale = Scale(rounds=given.rounds, players=given.players, connections=None, tell=_tell)
    async for _, section in measured(given.parts or PARTS, scale):
        report.sections.append(section)
        write(report, given.out)
    _tell("\n".join(line for section in report.sections for line in lines_of(section)))
    draw(report, picture := given.out.with_suffix(".svg"))
    _tell(f"\nAll rounds are in {given.out}, a picture of them is {picture}.")


def _tell(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
