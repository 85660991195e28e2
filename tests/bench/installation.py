"""What is measured: the service with its servers as real processes, and the yardstick beside it."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from game.embedded.ports import LOOPBACK, accepts, free_port, is_ready
from tests.bench.generator import Load, drive
from tests.bench.meters import Meters
from tests.bench.open_loop import drive_open
from tests.bench.rounds import Round, percentiles_ms
from tests.crash.site import GOOD_ENDS, PLAIN, Process, Site

# One machine stands for many callers: the limits are asked, and never reached.
MANY = "1000000"
# Whoever waits longer is told so without an outcome; here the wait itself is what is measured.
DEADLINE_MS = "10000"
ROOT = Path(__file__).parents[2]
WAITING = ("-P", "-m", "tests.bench.waiting")


class Server(msgspec.Struct, frozen=True):
    """Somebody who answers on a port, and what that costs."""

    port: int
    meters: Meters

    async def answered(self, requests: Sequence[bytes], *, connections: int, status: str) -> Round:
        """Send requests in a closed loop, all of which must be answered with the status."""
        return await self._measured(drive(self.port, requests, connections=connections), {status})

    async def reached(
        self, requests: Sequence[bytes], due: Sequence[float], *, connections: int, statuses: Collection[str]
    ) -> Round:
        """Send requests in an open loop, each when it is due; all must be answered with one of the statuses.

        Latencies count from then; `late` is how far the generator itself was behind.
        """
        return await self._measured(drive_open(self.port, requests, due, connections=connections), statuses)

    async def _measured(self, driven: Awaitable[Load], statuses: Collection[str]) -> Round:
        before = self.meters.read_us()
        load = await driven
        after = self.meters.read_us()
        units = len(load.latencies)
        assert load.statuses.keys() <= set(statuses), load.statuses
        late = {"late p99": percentiles_ms(load.lateness)["p99"]} if load.lateness else {}
        return Round(
            units=units,
            seconds=load.seconds,
            cpu_us={name: (after[name] - before[name]) / units for name in after},
            latency_ms=percentiles_ms(load.latencies) | late,
        )

    async def idle(self, seconds: int) -> Round:
        """What nobody asks for: the service's own steps, by the second."""
        before = self.meters.read_us()
        await asyncio.sleep(seconds)
        after = self.meters.read_us()
        cpu_us = {name: (after[name] - before[name]) / seconds for name in after}
        return Round(units=seconds, seconds=seconds, cpu_us=cpu_us, latency_ms={})


class Installation:
    """The service as it is installed, on this machine."""

    def __init__(self, site: Site, trivial: Server) -> None:
        self.site = site
        self.trivial = trivial

    @property
    def service(self) -> Server:
        """The service that runs now."""
        return self._server(self.site.port, self.site.service)

    def _server(self, port: int, service: Process) -> Server:
        return Server(port, Meters({"service": service.pid, **self._servers()}))

    def _servers(self) -> dict[str, int]:
        site = self.site
        return {"postgres": site.postgres.pid, "redis": site.redis.pid, "ledger": site.ledger.pid}

    @asynccontextmanager
    async def serving(self, arguments: Sequence[str] = PLAIN) -> AsyncIterator[Server]:
        """The service, started as told: as `playfair serve`, or with its events waiting."""
        await self.site.service.start(arguments, self.site.environment)
        try:
            yield self.service
        finally:
            await self.site.stop_service()

    @asynccontextmanager
    async def more_serving(self, changes: Mapping[str, str]) -> AsyncIterator[Server]:
        """Another service on the same servers, where the environment has these changes."""
        port = free_port()
        log = self.site.folder / "more.log"
        service = Process("The other service", log=log, ready=lambda: is_ready(port))
        await service.start(PLAIN, self.site.environment | {"PLAYFAIR_PORT": str(port), **changes})
        try:
            yield self._server(port, service)
        finally:
            assert await service.end(signal.SIGTERM) in GOOD_ENDS, service.says()


@asynccontextmanager
async def installed(folder: Path) -> AsyncIterator[Installation]:
    """Servers in a folder, with durable commits; the yardstick answers already."""
    site = Site(folder)
    site.environment |= {
        "PYTHONPATH": str(ROOT),
        "PLAYFAIR_LEDGER_URL": f"http://{LOOPBACK}:{site.ledger_port}",
        "PLAYFAIR_REQUEST_DEADLINE_MS": DEADLINE_MS,
        **{f"PLAYFAIR_{name}": MANY for name in LIMITS},
    }
    await site.open()
    port = free_port()
    trivial = Process("The yardstick", log=folder / "trivial.log", ready=lambda: accepts(port))
    try:
        await trivial.start(("-P", "-m", "tests.bench.trivial", str(port)), site.environment)
        yield Installation(site, Server(port, Meters({"service": trivial.pid})))
    finally:
        await trivial.gone()
        await site.close()


LIMITS = ("REQUESTS_PER_PLAYER", "REQUESTS_PER_ADDRESS", "EVENTS_PER_SOURCE")
