"""Paid plays: charged, drawn, logged, committed and credited, then answered with their receipts."""

from functools import partial

from tests.bench.installation import Installation, Server
from tests.bench.plays import LOADS, PLAYERS, WARM_UP, Crowd, crowded
from tests.bench.report import Section, compared
from tests.bench.rounds import Round, Scale, Turn, interleaved
from tests.bench.yardsticks.running import SLOW, all_running
from tests.bench.yardsticks.statements import PLAYS_BEFORE, SHAPES, recordings, turns_of

# A yardstick that is slow gets a part of the requests, and no fewer than of one connection.
SLOW_SHARE, SLOW_LEAST = 8, 200
# Where statements alone have turns: with so many players the service's batches are full.
FULL = 256


async def played(installation: Installation, scale: Scale) -> Section:
    """Rounds of each number of connections, with the yardsticks' between them."""
    scale.tell("  recording statements")
    alone = turns_of(await recordings(installation.site, SHAPES, plays_before=PLAYS_BEFORE))
    others = Crowd(installation, [""], players=PLAYERS)
    rows = []
    async with (
        crowded(installation, players=PLAYERS) as (service, crowd),
        all_running(installation) as yardsticks,
    ):
        contestants = {"paid plays": (service, crowd)} | {
            name: (yardstick, others) for name, yardstick in yardsticks.items()
        }
        for server, players in contestants.values():
            await _play(server, players, WARM_UP, 64)
        for connections, count in scale.loads(LOADS).items():
            scale.tell(f"  {connections} connections")
            turns: dict[str, Turn] = {
                name: partial(_play, server, players, _share(name, count), connections)
                for name, (server, players) in contestants.items()
            }
            ours, *theirs = await interleaved(turns | (alone if connections == FULL else {}), scale)
            rows += [
                compared(f"{connections} connections, to the {each.name}", ours, each) for each in theirs
            ]
    return Section(title="Paid plays: charged, drawn, logged, committed, then answered", rows=rows)


def _share(name: str, count: int) -> int:
    return max(SLOW_LEAST, count // SLOW_SHARE) if name in SLOW else count


async def _play(server: Server, crowd: Crowd, count: int, connections: int) -> Round:
    return await server.answered(crowd.plays(count), connections=connections, status="201")
