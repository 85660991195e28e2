"""How long players wait for their plays when much is asked: an open loop at a share of the full rate."""

import itertools
import math

from tests.bench.installation import Installation, Server
from tests.bench.open_loop import poisson
from tests.bench.plays import LOADS, PLAYERS, WARM_UP, Crowd, crowded
from tests.bench.report import Row, Section, alone
from tests.bench.rounds import Round, Scale, interleaved

SHARE = 0.7
SEED = 20_261_128
# The service closes connections that rest for five seconds: no more of them than are needed again before.
REST_SECONDS = 4.0


class Pace:
    """A server that is driven in turn as fast as it answers, and at a share of that."""

    def __init__(self, server: Server, crowd: Crowd, *, connections: int, count: int) -> None:
        self._server = server
        self._crowd = crowd
        self._connections = connections
        self._count = count
        self._per_second = 0.0
        self._seeds = itertools.count(SEED)

    async def closed(self) -> Round:
        """Everybody plays again as soon as he was answered: the full rate."""
        plays = self._crowd.plays(self._count)
        taken = await self._server.answered(plays, connections=self._connections, status="201")
        self._per_second = taken.per_second
        return taken

    async def open(self) -> Round:
        """Plays come by chance, at a share of the full rate that was found last."""
        plays = self._crowd.plays(self._count)
        per_second = SHARE * self._per_second
        due = poisson(self._count, per_second=per_second, seed=next(self._seeds))
        connections = min(self._connections, math.ceil(REST_SECONDS * per_second))
        return await self._server.reached(plays, due, connections=connections, statuses=("201",))


async def waited(installation: Installation, scale: Scale) -> Section:
    """Rounds at both paces for each number of players, of whom each has one play under way."""
    rows = []
    async with crowded(installation, players=PLAYERS) as (service, crowd):
        warm_up = Pace(service, crowd, connections=64, count=WARM_UP)
        await warm_up.closed()
        for players, count in scale.loads(LOADS).items():
            scale.tell(f"  {players} players")
            pace = Pace(service, crowd, connections=players, count=count)
            await pace.closed()
            rows.append(await _row(pace, players, scale))
    return Section(title=f"Waiting for a play: comers by chance, at {SHARE:.0%} of the full rate", rows=rows)


async def _row(pace: Pace, players: int, scale: Scale) -> Row:
    turns = {"full rate, closed loop": pace.closed, f"{SHARE:.0%} of it, open loop": pace.open}
    closed, opened = await interleaved(turns, scale)
    waited_ms = opened.latency_ms
    times = waited_ms["p99"] / waited_ms["p50"]
    return alone(f"{players} players: p99 is {times:.1f} times p50", closed, opened)
