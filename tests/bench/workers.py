"""What a play costs with several workers: of one campaign, whose log has one head, and of several.

Each worker has as many players as one alone. A service is started for each turn, since workers whom nobody
asks take their steps too, and first come plays that nobody counts. Where PostgreSQL and the generator share
the workers' cores, more workers have none of their own, and the CPU time of a play says what it costs.
"""

import os
from functools import partial
from typing import Final

from game import demo
from tests.bench.installation import Installation
from tests.bench.plays import PLAYERS, WARM_UP, Crowd, funded, staged
from tests.bench.report import Section, alone, compared
from tests.bench.rounds import Round, Scale, Series, Turn, interleaved

CAMPAIGNS: Final = (1, 8)
WORKERS: Final = (2, 4)
# Of each worker; fewer until its sessions have planned what plays ask for, which takes it twice the time.
CONNECTIONS: Final = 128
WARMING_CONNECTIONS: Final = 32
PLAYS: Final = 6_000
IDLE_SECONDS: Final = 5


async def worked(installation: Installation, scale: Scale) -> Section:
    """Rounds of one worker and of several, in turn."""
    async with demo.open_resources(installation.site.settings) as resources:
        crowds = {
            count: Crowd(installation, [await staged(resources) for _ in range(count)], players=PLAYERS)
            for count in CAMPAIGNS
        }
        await funded(resources, PLAYERS)
    rows = []
    for count, crowd in crowds.items():
        scale.tell(f"  {_several(count, 'campaign')}")
        async with installation.serving() as service:
            await crowd.sit(service)
        turns: dict[str, Turn] = {
            _several(workers, "worker"): partial(_play, installation, crowd, workers)
            for workers in (1, *WORKERS)
        }
        by_one, *by_more = await interleaved(turns, scale)
        rows += [compared(_several(count, "campaign"), each, by_one) for each in by_more]
    idle = [await _rest(installation, workers) for workers in (1, *WORKERS)]
    cores = len(os.sched_getaffinity(0))
    return Section(
        title=f"Paid plays by several workers to one, {CONNECTIONS} connections each, on {cores} cores",
        rows=[*rows, alone("A second in which nobody asks for anything", *idle)],
    )


def _several(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


async def _play(installation: Installation, crowd: Crowd, workers: int) -> Round:
    async with installation.more_serving({"PLAYFAIR_WORKERS": str(workers)}) as server:
        for each, count in (
            (WARMING_CONNECTIONS, WARM_UP * workers),
            (CONNECTIONS, WARM_UP * workers),
            (CONNECTIONS, PLAYS),
        ):
            plays = crowd.plays(count)
            taken = await server.answered(plays, connections=each * workers, status="201")
    return taken


async def _rest(installation: Installation, workers: int) -> Series:
    async with installation.more_serving({"PLAYFAIR_WORKERS": str(workers)}) as server:
        return Series(name=_several(workers, "worker"), rounds=[await server.idle(IDLE_SECONDS)])
