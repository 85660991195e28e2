"""`make bench-check`: are the ratios those that were recorded? `make bench-record` records them.

A few minutes, the rows at which the goals stand. The exit code is 1 when a ratio is worse beyond noise, or
when one that was recorded is measured no more.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import uvloop

from game.telemetry import configure_logging
from tests.bench.comparing import FAILS, Finding, Ratios, Recorded, compare, ratios_of
from tests.bench.parts import PARTS, measured
from tests.bench.report import machine
from tests.bench.rounds import Scale

RECORD = Path("docs/bench-recorded.json")
CHECKED = ("plays", "events", "polls", "reads")
CONNECTIONS = frozenset({256})
ROUNDS = 5
PLAYERS = 10_000


def main() -> int:
    """The exit code."""
    given = _parser().parse_args()
    if not given.record and not RECORD.exists():
        print(f"There is no {RECORD}: make bench-record writes it.", file=sys.stderr)
        return 2
    configure_logging("warning")
    now = uvloop.run(_measure(given.parts or CHECKED, given.rounds))
    if given.record:
        _write(now)
        return 0
    recorded = msgspec.json.decode(RECORD.read_bytes(), type=Recorded)
    findings = [
        finding for name, found in now.items() for finding in compare(recorded.parts.get(name, []), found)
    ]
    _tell("\n".join(table(findings)))
    _tell(f"\nRecorded on {recorded.machine}; this is {machine()}.")
    return int(any(each.verdict in FAILS for each in findings))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench-check", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="what to check")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="turns of each contestant")
    parser.add_argument("--record", action="store_true", help="write the ratios instead of comparing them")
    return parser


async def _measure(names: Sequence[str], rounds: int) -> dict[str, list[Ratios]]:
    scale = Scale(rounds=rounds, players=PLAYERS, connections=CONNECTIONS, tell=_tell)
    return {name: ratios_of(section) async for name, section in measured(names, scale)}


def _write(now: dict[str, list[Ratios]]) -> None:
    """Record some parts; the others stay as they were recorded."""
    before = msgspec.json.decode(RECORD.read_bytes(), type=Recorded).parts if RECORD.exists() else {}
    recorded = Recorded(machine=machine(), parts=before | now)
    RECORD.write_bytes(msgspec.json.format(msgspec.json.encode(recorded), indent=1) + b"\n")
    _tell(f"\nRecorded in {RECORD}.")


def table(findings: Sequence[Finding]) -> list[str]:
    """Findings as lines, under the titles of their sections."""
    lines, title = [], ""
    for each in findings:
        if each.section != title:
            title = each.section
            lines += ["", f"{title}", f"  {'':<58}{'recorded':>10}{'now':>8}{'noise':>8}"]
        noise = "" if each.noise is None else f"{each.noise:.0%}"
        figures = f"{_figure(each.recorded):>10}{_figure(each.now):>8}{noise:>8}"
        lines.append(f"  {each.row:<52}{each.measure:<6}{figures}  {each.verdict.value}")
    return lines


def _figure(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f}"


def _tell(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
