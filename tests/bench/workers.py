"""Whether two workers do more than one: the same plays, of one campaign and of several, and the CPU of each.

Both services work on the same servers and take turns. Where PostgreSQL and the generator share the workers'
cores, the second worker has none of its own, and the CPU time of a play says what it costs.
"""

import os
from functools import partial
from typing import Final

from game import demo
from tests.bench.installation import Installation, Server
from tests.bench.plays import PLAYERS, WARM_UP, Crowd, funded, staged
from tests.bench.report import Section, compared
from tests.bench.rounds import Round, Scale, Turn, interleaved

CAMPAIGNS: Final = (1, 8)
WORKERS: Final = 2
CONNECTIONS, PLAYS = 256, 6_000


async def worked(installation: Installation, scale: Scale) -> Section:
    """Rounds of one worker and of two, in turn."""
    async with demo.open_resources(installation.site.settings) as resources:
        crowds = {
            count: Crowd(installation, [await staged(resources) for _ in range(count)], players=PLAYERS)
            for count in CAMPAIGNS
        }
        await funded(resources, PLAYERS)
    rows = []
    more = {"PLAYFAIR_WORKERS": str(WORKERS)}
    async with installation.serving() as one, installation.more_serving(more) as two:
        for count, crowd in crowds.items():
            scale.tell(f"  {_campaigns(count)}")
            await crowd.sit(one)
            turns: dict[str, Turn] = {
                f"{WORKERS} workers": partial(_play, two, crowd, PLAYS),
                "1 worker": partial(_play, one, crowd, PLAYS),
            }
            for server in (one, two):
                await _play(server, crowd, WARM_UP)
            by_two, by_one = await interleaved(turns, scale)
            rows.append(compared(f"{_campaigns(count)}, {CONNECTIONS} connections", by_two, by_one))
    cores = len(os.sched_getaffinity(0))
    return Section(
        title=f"Paid plays by {WORKERS} workers to those of one; all that runs here shares {cores} cores",
        rows=rows,
    )


def _campaigns(count: int) -> str:
    return "1 campaign" if count == 1 else f"{count} campaigns"


async def _play(server: Server, crowd: Crowd, count: int) -> Round:
    return await server.answered(crowd.plays(count), connections=CONNECTIONS, status="201")
