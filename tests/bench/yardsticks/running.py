"""Yardsticks as processes beside the servers of an installation."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from game.embedded.ports import accepts, free_port
from tests.bench.installation import ROOT, Installation, Server
from tests.bench.meters import Meters
from tests.crash.site import Process, Site

TRIVIAL = "trivial POST"
# Each with its module.
MODULES = {"POST with a token": "authenticated", "naive play": "naive", "table in Redis": "redis_table"}
# Which servers each module asks; the others work for the service meanwhile.
ASKED = {"authenticated": (), "naive": ("postgres", "ledger"), "redis_table": ("postgres", "redis")}
SLOW = {"naive play"}


@asynccontextmanager
async def running(site: Site, module: str) -> AsyncIterator[Server]:
    """A yardstick. What it asks of the site's servers is in its meters."""
    port = free_port()
    process = Process(
        f"The yardstick {module}", log=site.folder / f"{module}.log", ready=lambda: accepts(port)
    )
    arguments = ("-P", "-m", f"tests.bench.yardsticks.{module}", str(port))
    await process.start(arguments, site.environment | {"PYTHONPATH": str(ROOT)})
    servers = {"postgres": site.postgres.pid, "redis": site.redis.pid, "ledger": site.ledger.pid}
    asked = {name: servers[name] for name in ASKED[module]}
    try:
        yield Server(port, Meters({"service": process.pid, **asked}))
    finally:
        await process.gone()


@asynccontextmanager
async def all_running(installation: Installation) -> AsyncIterator[Mapping[str, Server]]:
    """All yardsticks of plays by their names, the trivial POST first."""
    async with AsyncExitStack() as stack:
        servers = {
            name: await stack.enter_async_context(running(installation.site, module))
            for name, module in MODULES.items()
        }
        yield {TRIVIAL: installation.trivial, **servers}
