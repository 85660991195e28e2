"""A whole installation as separate processes, each of which a test can kill and start again."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from game import demo
from game.auth import Role
from game.db.migrate import migrate
from game.db.migrations import read_migrations
from game.embedded import postgres, redis
from game.embedded.child import Child, Program
from game.embedded.issuer import ISSUER, key_set, mint
from game.embedded.ports import LOOPBACK, accepts, free_port, is_ready
from game.embedded.secrets import keep_secrets
from game.settings import Settings
from game.tour.client import Client
from tests.crash.wire import Wire
from tests.support.databases import place_for_clusters

START_SECONDS = 60.0
END_SECONDS = 25.0
POLL_SECONDS = 0.02
# A request waits so long for its outcome; four seconds after its start, a sweeper takes the play up.
REQUEST_DEADLINE_MS = 2_000
# Longer than the outbox puts off a credit whose outcome it does not know.
CREDITS_DUE_MS = 31_000
# A process that serves alone ends by the signal itself once all is done.
GOOD_ENDS = (0, -signal.SIGTERM)
GAME, LEDGER = "playfair", "ledger"
PLAIN = ("-P", "-m", "game", "serve")
LAUNCHER = str(Path(__file__).with_name("launcher.py"))


async def until(happened: Callable[[], bool], what: str, *, seconds: float) -> None:
    """Poll until something happened; AssertionError that says what did not."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        await asyncio.sleep(POLL_SECONDS)


class Databases:
    """PostgreSQL or Redis: started from its folder, killed in any way, started again."""

    def __init__(self, start: Callable[[tuple[int, ...]], AbstractContextManager[Child]]) -> None:
        self._start = start
        self.start()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._child.pid

    def start(self) -> None:
        """Start, and wait until it is ready."""
        self._reading, inherited = os.pipe()
        self._context = self._start((inherited,))
        self._child = self._context.__enter__()
        os.close(inherited)

    def end(self, by: signal.Signals) -> None:
        """End it by a signal, and wait until its own children have followed."""
        os.kill(self._child.pid, by)
        self._context.__exit__(None, None, None)
        assert os.read(self._reading, 1) == b""
        os.close(self._reading)


class Process:
    """The service or the ledger, started without holding up the test's event loop."""

    def __init__(self, name: str, *, log: Path, ready: Callable[[], bool]) -> None:
        self._name = name
        self._log = log
        self._ready = ready
        self._child: Child | None = None

    @property
    def pid(self) -> int:
        """Process id."""
        assert self._child is not None
        return self._child.pid

    @property
    def has_ended(self) -> bool:
        """Whether it was started, and ended by itself."""
        return self._child is not None and self._child.exit_code() is not None

    def says(self) -> str:
        """The end of its log."""
        return self._log.read_text(errors="replace")[-4_000:] if self._log.exists() else ""

    async def start(self, arguments: Sequence[str], environment: dict[str, str]) -> None:
        """Start, and wait until it is ready."""
        command = [sys.executable, *arguments]
        self._child = child = Child(
            Program(name=self._name, command=command, log=self._log, environment=environment)
        )

        def ready() -> bool:
            assert child.exit_code() is None, f"{self._name} ended: {self.says()}"
            return self._ready()

        await until(ready, f"{self._name} is ready", seconds=START_SECONDS)

    async def ended(self) -> int:
        """Wait until it has ended; its exit code, negative for a signal."""
        child = self._child
        assert child is not None
        await until(lambda: child.exit_code() is not None, f"{self._name} ends", seconds=END_SECONDS)
        self._child = None
        # Its workers end after it; one that still answers would be taken for those of the next start.
        await until(lambda: not self._ready(), f"{self._name} answers no more", seconds=END_SECONDS)
        code = child.exit_code()
        assert code is not None
        return code

    async def end(self, by: signal.Signals) -> int:
        """End it by a signal; its exit code."""
        os.kill(self.pid, by)
        return await self.ended()

    async def gone(self) -> None:
        """End it, if it is there."""
        if self._child is not None:
            with suppress(ProcessLookupError):
                await self.end(signal.SIGKILL)


def workers_of(supervisor: int) -> list[int]:
    """The processes that serve, of a service that has several (Linux)."""
    pids = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    return [int(pid) for pid in pids if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


class Site:
    """PostgreSQL, Redis, the sandbox ledger behind a wire, and the service."""

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o711)  # the user nobody must pass through, where PostgreSQL runs as nobody
        self.folder = folder
        (folder / "postgres").mkdir()
        (folder / "redis").mkdir()
        self.secrets = keep_secrets(folder)
        self.port, self.ledger_port, wire_port = free_port(), free_port(), free_port()
        self.environment = self._environment(wire_port)
        self.settings = Settings.from_environment(self.environment)
        self.wire = Wire(port=wire_port, ledger_port=self.ledger_port)
        self.postgres = Databases(
            lambda fds: postgres.postgres_server(folder / "postgres", durable=True, inherited=fds)
        )
        self.redis = Databases(lambda fds: redis.redis_server(folder / "redis", durable=True, inherited=fds))
        self.ledger = Process(
            "The ledger", log=folder / "ledger.log", ready=lambda: accepts(self.ledger_port)
        )
        self.service = Process("The service", log=folder / "service.log", ready=lambda: is_ready(self.port))

    @property
    def issuer_key(self) -> Ed25519PrivateKey:
        """The key that signs tokens."""
        return self.secrets.issuer()

    async def open(self) -> None:
        """Make the databases, and start all but the service."""
        await postgres.create_databases(self.folder / "postgres", (GAME, LEDGER))
        await migrate(self.settings.database_url, read_migrations())
        await self.wire.open()
        await self.start_ledger()
        await demo.keep_brand(self.settings, issuer=ISSUER, jwks=key_set(self.issuer_key))

    async def close(self) -> None:
        """End everything."""
        await self.service.gone()
        await self.ledger.gone()
        await self.wire.close()
        self.redis.end(signal.SIGTERM)
        self.postgres.end(signal.SIGINT)

    async def start_ledger(self) -> None:
        """Start the sandbox ledger on the port it always had."""
        await self.ledger.start(("-P", "-m", "sandbox_ledger"), self.environment)

    async def start_service(self, *, workers: int = 1) -> None:
        """Start the service as it is."""
        await self.service.start(PLAIN, self.environment | {"PLAYFAIR_WORKERS": str(workers)})

    async def start_doomed(self, stage: str, *, plays: int) -> None:
        """Start a service that kills itself once so many plays are in a stage."""
        await self.service.start((LAUNCHER, stage, str(plays)), self.environment)

    async def start_still(self) -> None:
        """Start a service that only does what it is asked for, in one process."""
        await self.service.start((LAUNCHER, "still", "0"), self.environment)

    async def start_later(self, *, ms: int = CREDITS_DUE_MS) -> None:
        """Start a service that believes that more time has passed: what is put off is due."""
        later = self.environment | {"PLAYFAIR_CLOCK_SKEW_SECONDS": str(1 + ms // 1_000)}
        await self.service.start((LAUNCHER, "later", str(ms)), later)

    async def stop_service(self) -> None:
        """Stop the service in good order."""
        assert await self.service.end(signal.SIGTERM) in GOOD_ENDS, self.service.says()

    async def restart_later(self) -> None:
        """Stop the service in good order, and start it when credits in doubt are due again."""
        await self.stop_service()
        await self.start_later()

    def client(self, session: aiohttp.ClientSession, name: str, role: Role) -> Client:
        """A person of the brand."""
        token = mint(
            self.issuer_key,
            subject=name,
            role=role,
            audience=self.settings.token_audience,
            now_seconds=int(time.time()),
        )
        return Client(session, token)

    def _environment(self, wire_port: int) -> dict[str, str]:
        database_url = postgres.database_url
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PLAYFAIR_")}
        return kept | {
            "PLAYFAIR_DATABASE_URL": database_url(self.folder / "postgres", GAME),
            "PLAYFAIR_REDIS_URL": redis.redis_url(self.folder / "redis"),
            "PLAYFAIR_LEDGER_URL": f"http://{LOOPBACK}:{wire_port}",
            "PLAYFAIR_LEDGER_TOKEN": self.secrets.ledger_token,
            "PLAYFAIR_SECRET_KEYS": self.secrets.secret_keys(),
            "PLAYFAIR_PORT": str(self.port),
            "PLAYFAIR_REQUEST_DEADLINE_MS": str(REQUEST_DEADLINE_MS),
            "PLAYFAIR_REQUESTS_PER_PLAYER": "100000",
            "PLAYFAIR_REQUESTS_PER_ADDRESS": "100000",
            "SANDBOX_LEDGER_DATABASE_URL": database_url(self.folder / "postgres", LEDGER),
            "SANDBOX_LEDGER_TOKEN": self.secrets.ledger_token,
            "SANDBOX_LEDGER_PORT": str(self.ledger_port),
        }


@asynccontextmanager
async def open_site() -> AsyncIterator[Site]:
    """An installation in a folder of its own: PostgreSQL, Redis and the ledger, but no service yet."""
    with TemporaryDirectory(prefix="playfair-", dir=place_for_clusters()) as folder:
        site = Site(Path(folder))
        await site.open()
        try:
            yield site
        finally:
            await site.close()
