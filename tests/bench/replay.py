"""How fast a log is replayed from entry bundles, beside the SHA-256 calls that this takes alone."""

import hashlib
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from game.auditor.parallel import spread_over
from game.auditor.tally import Tally
from game.fair.preparing import DRAW_STARTS
from game.fair.tiles import TILE_WIDTH, bundle, unbundled
from game.fair.verify import verify_log
from tests.bench.installation import Installation
from tests.bench.logs import POOLS, write_log
from tests.bench.meters import Meters
from tests.bench.report import Row, Section, compared
from tests.bench.rounds import Round, Scale, interleaved
from tests.fair.vectors import VERIFIER

DRAWS = 200_000
SEAT_DRAWS = (256, 10)
# Bytes that are hashed beside an entry: two nodes, TAG || a, TAG || a || E || be32(n).
NODE, LINK, DRAW = bytes(65), bytes(48), bytes(84)


class Bundled:
    """A log as its entry bundles, and what of it is hashed."""

    def __init__(self, kind: str, seat_draws: int) -> None:
        with TemporaryDirectory(prefix="playfair-bench-") as folder:
            path, self.checkpoint = write_log(kind, Path(folder), draws=DRAWS, seat_draws=seat_draws)
            lines = path.read_bytes().splitlines()
        starts = range(0, len(lines), TILE_WIDTH)
        self.bundles = [bundle(lines[start : start + TILE_WIDTH]) for start in starts]
        self.draws = sum(line.startswith(DRAW_STARTS) for line in lines)

    def replay(self, **options: Any) -> None:
        """Verify all of it, and tally its draws as `playfair verify` does."""
        lines = (line for each in self.bundles for line in unbundled(each))
        report = verify_log(lines, self.checkpoint, VERIFIER, observer=Tally(), **options)
        assert report.verdict == "OK", report

    def hash(self) -> float:
        """The seconds of CPU that all SHA-256 calls take: entries, nodes, links and X."""
        sha256, seconds = hashlib.sha256, 0.0
        for each in self.bundles:
            leaves = [b"\x00" + line for line in unbundled(each)]
            draws = sum(leaf.startswith(b"\x00" + DRAW_STARTS) for leaf in leaves)
            inputs = leaves + [NODE] * len(leaves) + [LINK, DRAW] * draws
            started = time.process_time()
            for hashed in inputs:
                sha256(hashed).digest()
            seconds += time.process_time() - started
        return seconds


async def replayed(_: Installation, scale: Scale) -> Section:
    """Wheels, wheels with stock, limits and a guarantee, and urns; long seats and short ones."""
    rows = []
    for kind in POOLS:
        for seat_draws in SEAT_DRAWS:
            scale.tell(f"  {kind}, {seat_draws} draws a seat")
            rows += await _rows(f"{kind}, {seat_draws} draws a seat", Bundled(kind, seat_draws), scale)
    return Section(title="Draws replayed, to the SHA-256 calls alone on one core", rows=rows)


async def _rows(label: str, log: Bundled, scale: Scale) -> list[Row]:
    with spread_over(2) as spread:
        log.replay(spread=spread)  # the processes have started
        turns = {
            "SHA-256 alone": partial(_turn, log, log.hash),
            "one core": partial(_turn, log, log.replay),
            "two cores": partial(_turn, log, partial(log.replay, spread=spread)),
        }
        alone, one, two = await interleaved(turns, scale)
    return [
        compared(f"{label}, one core", one, alone),
        compared(f"{label}, two cores", two, alone),
        compared(f"{label}, two cores to one", two, one),
    ]


async def _turn(log: Bundled, work: Callable[[], float | None]) -> Round:
    meters = Meters({"all processes": os.getpid()})
    used_us, started = meters.read_us(), time.perf_counter()
    hashing = work()
    seconds, now_us = time.perf_counter() - started, meters.read_us()
    cpu_us = {name: (now_us[name] - used_us[name]) / log.draws for name in used_us}
    if hashing:
        seconds, cpu_us = hashing, {"SHA-256": hashing * 1_000_000 / log.draws}
    return Round(units=log.draws, seconds=seconds, cpu_us=cpu_us, latency_ms={})
