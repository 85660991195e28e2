"""What is measured: the service with its servers as real processes, and the yardstick beside it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from game.embedded.ports import LOOPBACK, accepts, free_port
from tests.bench.generator import drive
from tests.bench.meters import Meters
from tests.bench.rounds import Round, percentiles_ms
from tests.crash.site import PLAIN, Process, Site

# One machine stands for many callers: the limits are asked, and never reached.
MANY = "1000000"
WAITING = ("-P", "-m", "tests.bench.waiting")


class Server(msgspec.Struct, frozen=True):
    """Somebody who answers on a port, and what that costs."""

    port: int
    meters: Meters

    async def answered(self, requests: Sequence[bytes], *, connections: int, status: str) -> Round:
        """Send requests, all of which must be answered with the status."""
        before = self.meters.read_us()
        load = await drive(self.port, requests, connections=connections)
        after = self.meters.read_us()
        assert load.statuses == {status: len(requests)}, load.statuses
        return Round(
            units=len(requests),
            seconds=load.seconds,
            cpu_us={name: (after[name] - before[name]) / len(requests) for name in after},
            latency_ms=percentiles_ms(load.latencies),
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
        return Server(self.site.port, Meters({"service": self.site.service.pid, **self._servers()}))

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
async def installed(folder: Path) -> AsyncIterator[Installation]:
    """Servers in a folder, with durable commits; the yardstick answers already."""
    site = Site(folder)
    site.environment |= {
        "PLAYFAIR_LEDGER_URL": f"http://{LOOPBACK}:{site.ledger_port}",
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
