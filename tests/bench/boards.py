"""What a board costs in Redis: a write against a plain ZADD, a player's neighbours against ZREVRANGE."""

import itertools
import time
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

from game import demo
from game.boards import ladder
from game.boards.store import Changed, SeasonKey
from game.resources import Resources
from tests.bench.installation import Installation
from tests.bench.meters import Meters
from tests.bench.report import Row, Section, compared
from tests.bench.rounds import Round, Scale, interleaved, percentiles_ms

MEMBERS = (10_000, 100_000, 1_000_000)
PAGE = 500
TURNS = 1_500
AROUND = 5
PLAIN = "bench:plain"
BUILDER = "bench"
NOW_MS = 1_790_000_000_000

Call = Callable[[int], Awaitable[object]]


class Ranking:
    """A season with so many players, and a plain sorted set of the same size beside it, in one Redis."""

    def __init__(self, resources: Resources, members: int) -> None:
        self._resources = resources
        self._members = members
        self._key = SeasonKey("benchmark000", f"board-{members}", "all")
        self._plain = f"{PLAIN}:{members}"
        self._versions = itertools.count(2)

    async def fill(self) -> None:
        """Everybody has a score, no two the same."""
        assert await ladder.begin(self._resources, self._key, BUILDER)
        for first in range(0, self._members, PAGE):
            numbers = range(first, min(first + PAGE, self._members))
            page = [self._changed(number, version=1) for number in numbers]
            assert await ladder.fill(self._resources, self._key, BUILDER, page)
            await self._resources.redis.zadd(self._plain, {str(number): number + 1 for number in numbers})
        assert await ladder.swap(self._resources, self._key, BUILDER)

    async def write(self, turn: int) -> object:
        """One player's new score."""
        changed = self._changed(self._number(turn), version=next(self._versions))
        assert await ladder.publish(self._resources, self._key, [changed])
        return changed

    async def zadd(self, turn: int) -> object:
        """The same without versions, places and ties."""
        number = self._number(turn)
        return await self._resources.redis.zadd(self._plain, {str(number): number + turn})

    async def around(self, turn: int) -> object:
        """A player, five before and five after."""
        player_id = player_of(self._number(turn))
        found = await ladder.around(self._resources, self._key, player_id, before=AROUND, after=AROUND)
        assert found
        return found

    async def zrevrange(self, turn: int) -> object:
        """As many from a place that is known already."""
        first = self._number(turn)
        return await self._resources.redis.zrevrange(self._plain, first, first + 2 * AROUND, withscores=True)

    def _number(self, turn: int) -> int:
        return turn * 7_919 % self._members

    def _changed(self, number: int, *, version: int) -> Changed:
        return Changed(
            key=self._key,
            player_id=player_of(number),
            score=number + version,
            reached_ms=NOW_MS + number,
            version=version,
        )


def player_of(number: int) -> UUID:
    """An id."""
    return UUID(int=number + 1)


async def ranked(installation: Installation, scale: Scale) -> Section:
    """At each size, one after the other: what a caller waits for."""
    rows: list[Row] = []
    meters = Meters({"redis": installation.site.redis.pid})
    async with demo.open_resources(installation.site.settings) as resources:
        for members in (each for each in MEMBERS if each <= max(scale.players, MEMBERS[0])):
            scale.tell(f"  {members:,} members")
            ranking = Ranking(resources, members)
            await ranking.fill()
            calls = [
                ("one write", ("board write", ranking.write), ("plain ZADD", ranking.zadd)),
                ("around me", ("around me", ranking.around), ("plain ZREVRANGE", ranking.zrevrange)),
            ]
            for what, *both in calls:
                turns = {name: partial(_round, meters, call) for name, call in both}
                ours, plain = await interleaved(turns, scale)
                rows.append(compared(f"{what}, {members:,} members", ours, plain))
    return Section(title="Boards: one call after the other, over one connection", rows=rows)


async def _round(meters: Meters, call: Call) -> Round:
    before, began, latencies = meters.read_us(), time.perf_counter(), []
    for turn in range(TURNS):
        asked = time.perf_counter()
        await call(turn)
        latencies.append(time.perf_counter() - asked)
    seconds, after = time.perf_counter() - began, meters.read_us()
    cpu_us = {name: (after[name] - before[name]) / TURNS for name in after}
    return Round(units=TURNS, seconds=seconds, cpu_us=cpu_us, latency_ms=percentiles_ms(sorted(latencies)))
