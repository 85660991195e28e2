"""A worker's memory in an hour of paid plays: `python -m tests.bench.hour --minutes 60`.

First more players than the worker remembers of anything play once, as fast as it goes: what it keeps is full
then, and each that comes later takes another's place. Then the same players at a steady rate, far below what
it can do. Samples go to hour.json, and a picture of them beside it.
"""

import argparse
import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec
import uvloop
from matplotlib.figure import Figure

from game import demo, limits, players, tokens
from game.auditor.svg import INK, styled
from game.monitor import drawn
from game.monitor import store as monitor
from game.plays import drawing, recalling
from game.resources import Resources
from tests.bench.growth import Slope, settled, slope_of
from tests.bench.installation import Server, installed
from tests.bench.meters import resident_bytes
from tests.bench.open_loop import steady
from tests.bench.plays import ASKED_TOGETHER, Crowd, crowded

# What a worker remembers of plays, each so many at most.
KEPT: Final = (
    tokens.TOKENS_REMEMBERED,
    players.RECENT_PLAYERS,
    limits.BUCKETS_KEPT,
    drawn.SEATS_KEPT,
    drawing.CHAINS_KEPT,
    recalling.PLAYERS_KEPT,
)
PLAYERS: Final = max(KEPT) + 2_000
FILLING_CONNECTIONS: Final = 256
FOLLOWED_WITHIN_SECONDS: Final = 600.0
PER_SECOND = 100
CONNECTIONS = 32
SLICE_SECONDS = 10
# Tokens live for an hour.
SLICES_PER_TOKEN = 180
# Whose outcome is not known within a request's deadline, on a machine that stalls, is told later.
ANSWERS = ("201", "202")
MEGABYTE = 1_000_000


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """The worker's resident memory, and the plays that it has settled by then."""

    hours: float
    plays: int
    resident_mb: float


def main() -> None:
    """Measure, tell, write."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.hour", description=__doc__)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--rate", type=int, default=PER_SECOND, help="plays a second")
    parser.add_argument("--out", type=Path, default=Path("hour.json"))
    given = parser.parse_args()
    samples = uvloop.run(_sample(given.minutes * 60 // SLICE_SECONDS, given.rate))
    given.out.write_bytes(msgspec.json.format(msgspec.json.encode(samples), indent=1) + b"\n")
    print(_told(samples, slope := _slope(samples)))
    _draw(samples, slope, given.out.with_suffix(".svg"))


async def _sample(slices: int, per_second: int) -> list[Sample]:
    samples, count = [], SLICE_SECONDS * per_second
    due = steady(count, per_second=per_second)
    with TemporaryDirectory(prefix="playfair-bench-") as folder:
        async with (
            installed(Path(folder)) as installation,
            crowded(installation, players=PLAYERS) as (service, crowd),
            demo.open_resources(installation.site.settings) as resources,
        ):
            await _fill(service, crowd, resources)
            began = time.perf_counter()
            for number in range(1, slices + 1):
                if number % SLICES_PER_TOKEN == 0:
                    await asyncio.to_thread(crowd.renew)
                await service.reached(crowd.plays(count), due, connections=CONNECTIONS, statuses=ANSWERS)
                sample = Sample(
                    hours=(time.perf_counter() - began) / 3_600,
                    plays=number * count,
                    resident_mb=resident_bytes(installation.site.service.pid) / MEGABYTE,
                )
                print(f"  {sample.plays:>10,} plays  {sample.resident_mb:,.1f} MB", flush=True)
                samples.append(sample)
    return samples


async def _fill(service: Server, crowd: Crowd, resources: Resources) -> None:
    """Let everybody play once, and the monitor count what came of it: it keeps seats."""
    for first in range(0, PLAYERS, ASKED_TOGETHER):
        plays = crowd.plays(min(ASKED_TOGETHER, PLAYERS - first))
        taken = await service.answered(plays, connections=FILLING_CONNECTIONS, status="201")
        print(f"  {first + taken.units:>10,} of {PLAYERS:,} players, {taken.per_second:,.0f}/s", flush=True)
    async with asyncio.timeout(FOLLOWED_WITHIN_SECONDS), resources.pool.acquire() as conn:
        while True:
            _, behind = await monitor.measured(conn)
            if not behind:
                return
            await asyncio.sleep(1)


def _slope(samples: Sequence[Sample]) -> Slope:
    counted = samples[settled(len(samples)) :]
    return slope_of([each.hours for each in counted], [each.resident_mb for each in counted])


def _told(samples: Sequence[Sample], slope: Slope) -> str:
    first, last = samples[settled(len(samples))], samples[-1]
    return (
        f"{last.plays:,} plays in {last.hours * 60:.0f} minutes; "
        f"{first.resident_mb:.1f} MB once it had settled, {last.resident_mb:.1f} MB in the end: "
        f"{slope.per_hour:+.1f} MB an hour ({slope.least:+.1f} to {slope.most:+.1f})"
    )


def _draw(samples: Sequence[Sample], slope: Slope, path: Path) -> None:
    with styled():
        figure = Figure(figsize=(8, 3.6))
        axes = figure.subplots()
        axes.plot([each.hours * 60 for each in samples], [each.resident_mb for each in samples], color=INK)
        axes.axvline(samples[settled(len(samples))].hours * 60, color=INK, alpha=0.3, linewidth=1)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("minutes")
        axes.set_ylabel("MB resident")
        axes.set_title(
            f"One worker: {slope.per_hour:+.1f} MB an hour ({slope.least:+.1f} to {slope.most:+.1f})"
        )
        figure.savefig(path, facecolor="white", transparent=False, metadata={"Date": None})


if __name__ == "__main__":
    main()
