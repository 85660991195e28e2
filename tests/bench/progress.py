"""How many events are processed in a second, and whether that depends on how much else there is."""

import asyncio
import time
from functools import partial

import asyncpg

from game.resources import system_clock
from tests.bench.events import JSON, body
from tests.bench.fill import Filling
from tests.bench.generator import request
from tests.bench.installation import Installation, Server
from tests.bench.report import Section, alone
from tests.bench.rounds import Round, Scale, interleaved

EVENTS = 3_840
TRIVIAL = 5_000
SOON_MS = 4_000
POLL_SECONDS = 0.05
LIMIT_SECONDS = 120.0
TASKS = (10, 100, 1_000)
# The last one needs some minutes to be filled.
PLAYERS = (10_000, 100_000, 1_000_000)


async def processed(installation: Installation, scale: Scale) -> Section:
    """Few tasks while the players grow, then more and more tasks; a few of them want the events."""
    rows = []
    sizes = [(players, TASKS[0]) for players in PLAYERS if players <= scale.players]
    sizes += [(sizes[-1][0], tasks) for tasks in TASKS[1:]]
    conn = await asyncpg.connect(installation.site.settings.database_url)
    filling = Filling(conn, scale.tell)
    for players, tasks in sizes:
        label = f"{players:,} players, {tasks:,} tasks"
        scale.tell(f"  {label}")
        await filling.grow_tasks(tasks)
        await filling.grow_players(players)
        async with installation.serving() as service:
            await _process(service, filling)
            turns = {
                "events processed": partial(_process, service, filling),
                "trivial POST": partial(_trivial, installation.trivial),
            }
            series = await interleaved(turns, scale)
        rows.append(alone(label, *series))
    await conn.close()
    return Section(title="Events processed: progress of three tasks, every fifth earns a reward", rows=rows)


async def _process(service: Server, filling: Filling) -> Round:
    """Let a backlog become due, and wait until it is worked off."""
    due_ms = system_clock() + SOON_MS
    await filling.backlog(EVENTS, due_ms=due_ms)
    await asyncio.sleep(max(0, due_ms - system_clock()) / 1000)
    units = await _left(filling, fewer_than=EVENTS)
    before, began = service.meters.read_us(), time.perf_counter()
    assert await _left(filling, fewer_than=1) == 0
    seconds, after = time.perf_counter() - began, service.meters.read_us()
    cpu_us = {name: (after[name] - before[name]) / units for name in after}
    return Round(units=units, seconds=seconds, cpu_us=cpu_us, latency_ms={})


async def _left(filling: Filling, *, fewer_than: int) -> int:
    """Poll until fewer events wait; how many."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while (waiting := await filling.waiting()) >= fewer_than:
        assert time.monotonic() < deadline, f"{waiting} events still wait"
        await asyncio.sleep(POLL_SECONDS)
    return waiting


async def _trivial(trivial: Server) -> Round:
    now_ms = system_clock()
    requests = [
        request("POST", "/trivial", headers=JSON, body=body(number, now_ms)) for number in range(TRIVIAL)
    ]
    return await trivial.answered(requests, connections=64, status="202")
