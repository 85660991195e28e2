"""`python -m tests.simulation`: many seeds, side by side; the command behind `make simulate`."""

import argparse
import hashlib
import sys
import time
from collections import Counter
from collections.abc import Iterable
from typing import Final

from tests.simulation.seed import Outcome
from tests.simulation.workers import outcomes_of

WRONG_SHOWN_MAX: Final = 10
_SHOWN: Final = (
    "settled", "rejected", "cancelled", "refused", "crashes", "requests", "delivered", "duplicated", "lost",
    "restarts", "decided", "unknown", "events stored", "events duplicate", "rewards given",
    "rewards returned",
)  # fmt: skip


def main() -> int:
    """Exit status: 0 when every seed held."""
    asked = _arguments()
    began = time.monotonic()
    outcomes = outcomes_of(
        range(asked.start, asked.start + asked.seeds),
        workers=asked.workers,
        keeps_trace=asked.trace,
        events=asked.events,
    )
    return report(outcomes, seeds=asked.seeds, began=began)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=2_000, help="how many")
    parser.add_argument("--start", type=int, default=0, help="the first")
    parser.add_argument("--workers", type=int, default=2, help="how many at a time")
    parser.add_argument("--events", type=int, help="no more than the first so many of each seed")
    parser.add_argument("--trace", action="store_true", help="print everything that happens")
    return parser.parse_args()


def report(outcomes: Iterable[Outcome], *, seeds: int, began: float) -> int:
    """Print what seeds came to; exit status: 0 when all held."""
    figures, failed, hours, digest = Counter[str](), 0, 0.0, hashlib.sha256()
    for number, outcome in enumerate(outcomes, start=1):
        figures.update(outcome.figures)
        hours += outcome.virtual_seconds / 3_600
        digest.update(outcome.digest.encode())
        for line in outcome.trace:
            print(line)
        if outcome.wrong:
            failed += 1
            _show(outcome)
        if sys.stderr.isatty():
            print(f"\r{number} of {seeds} seeds, {failed} failed", end="", file=sys.stderr, flush=True)
    seconds = time.monotonic() - began
    print(f"{seeds} seeds, {failed} failed, {hours:.1f} virtual hours in {seconds:.0f} s")
    print(", ".join(f"{figures[name]} {name}" for name in _SHOWN))
    print(f"digest {digest.hexdigest()}")
    return 1 if failed else 0


def _show(outcome: Outcome) -> None:
    print(f"seed {outcome.seed} FAILED:")
    for wrong in outcome.wrong[:WRONG_SHOWN_MAX]:
        print(f"  {wrong}")
    if len(outcome.wrong) > WRONG_SHOWN_MAX:
        print(f"  and {len(outcome.wrong) - WRONG_SHOWN_MAX} more")
    events = "" if outcome.fewest_events is None else f" EVENTS={outcome.fewest_events}"
    print(f"  replay: make simulate START={outcome.seed} SEEDS=1{events} TRACE=1", flush=True)


if __name__ == "__main__":
    sys.exit(main())
