"""What can be measured, part by part: each with an installation of its own."""

from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import (
    boards,
    contest,
    events,
    fullness,
    idle,
    polls,
    prizes,
    progress,
    reads,
    replay,
    tails,
    visits,
    workers,
)
from tests.bench.installation import installed
from tests.bench.report import Section
from tests.bench.rounds import Scale

PARTS = {
    "plays": contest.played,
    "idle": idle.rested,
    "workers": workers.worked,
    "fullness": fullness.grown,
    "prizes": prizes.won,
    "tails": tails.waited,
    "visits": visits.visited,
    "events": events.accepted,
    "progress": progress.processed,
    "polls": polls.polled,
    "reads": reads.read,
    "boards": boards.ranked,
    "replay": replay.replayed,
}


async def measured(names: Iterable[str], scale: Scale) -> AsyncIterator[tuple[str, Section]]:
    """Some parts by name with their sections, each as soon as it is there."""
    for name in names:
        scale.tell(f"{name} …")
        with TemporaryDirectory(prefix="playfair-bench-") as folder:
            async with installed(Path(folder)) as installation:
                section = await PARTS[name](installation, scale)
        yield name, section
