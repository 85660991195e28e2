"""The processes of an installation, and how each of them is hit and brought back."""

import os
import shutil
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random

import msgspec

from tests.crash.site import Site, workers_of

WORKERS = 2
AWAY_SECONDS = (0.0, 4.0)
# Longer than a play waits for its answer and than a sweeper waits before it takes a play up.
STOPPED_SECONDS = (1.0, 6.0)
REDIS_KEEPS = "appendonlydir"


class Blow(msgspec.Struct, frozen=True, kw_only=True):
    """One way to hit a process; `target` is away until it was mended.

    `strike` says whether there was something to hit.
    """

    name: str
    target: str
    strike: Callable[[], Awaitable[bool]]
    mend: Callable[[], Awaitable[None]]
    away_seconds: tuple[float, float]
    is_kill: bool


class Victims:
    """Hits the processes of a site, and keeps their logs."""

    def __init__(self, site: Site, *, random: Random) -> None:
        self._site = site
        self._random = random
        self._kept = 0

    def blows(self) -> Sequence[Blow]:
        """All there are."""
        return [
            _kill("workers killed", "service", self._kill_worker, _nothing),
            _kill("services killed", "service", self._kill_service, self.start_service),
            _kill("ledgers killed", "ledger", self._kill_ledger, self.start_ledger),
            _kill("PostgreSQL stopped at once", "postgres", self._stop_postgres, self._start_postgres),
            _kill("Redis killed and emptied", "redis", self._kill_redis, self._start_redis),
            _pause("workers paused", "service", self._any_worker),
            _pause("ledgers paused", "ledger", lambda: self._site.ledger.pid),
        ]

    async def start_service(self) -> None:
        """Start the service; AssertionError when it ends instead."""
        self._keep_log(self._site.folder / "service.log")
        await self._site.start_service(workers=WORKERS)

    async def start_ledger(self) -> None:
        """Start the ledger; AssertionError when it ends instead."""
        self._keep_log(self._site.folder / "ledger.log")
        await self._site.start_ledger()

    async def _start_postgres(self) -> None:
        self._keep_log(self._site.folder / "postgres" / "postgres.log")
        self._site.postgres.start()

    async def _start_redis(self) -> None:
        self._site.redis.start()

    def _keep_log(self, log: Path) -> None:
        """Put a log aside, since the next start begins a new one."""
        if log.exists():
            self._kept += 1
            log.rename(log.with_name(f"{log.stem}-{self._kept:04}.log"))

    def _any_worker(self) -> int | None:
        workers = workers_of(self._site.service.pid)
        return self._random.choice(workers) if workers else None

    async def _kill_worker(self) -> bool:
        return _signalled(self._any_worker(), signal.SIGKILL)

    async def _kill_service(self) -> bool:
        for pid in workers_of(self._site.service.pid):
            _signalled(pid, signal.SIGKILL)
        await self._site.service.end(signal.SIGKILL)
        return True

    async def _kill_ledger(self) -> bool:
        await self._site.ledger.end(signal.SIGKILL)
        return True

    async def _stop_postgres(self) -> bool:
        self._site.postgres.end(signal.SIGQUIT)
        return True

    async def _kill_redis(self) -> bool:
        self._site.redis.end(signal.SIGKILL)
        shutil.rmtree(self._site.folder / "redis" / REDIS_KEEPS, ignore_errors=True)
        return True


def _kill(
    name: str, target: str, strike: Callable[[], Awaitable[bool]], mend: Callable[[], Awaitable[None]]
) -> Blow:
    return Blow(name=name, target=target, strike=strike, mend=mend, away_seconds=AWAY_SECONDS, is_kill=True)


def _pause(name: str, target: str, pid_of: Callable[[], int | None]) -> Blow:
    stopped: list[int | None] = []

    async def stop() -> bool:
        stopped.append(pid_of())
        return _signalled(stopped[-1], signal.SIGSTOP)

    async def go_on() -> None:
        _signalled(stopped.pop(), signal.SIGCONT)

    return Blow(
        name=name, target=target, strike=stop, mend=go_on, away_seconds=STOPPED_SECONDS, is_kill=False
    )


def _signalled(pid: int | None, by: signal.Signals) -> bool:
    """Whether the process was there. A supervisor ends workers too, those that are silent."""
    if pid is None:
        return False
    with suppress(ProcessLookupError):
        os.kill(pid, by)
        return True
    return False


async def _nothing() -> None:
    """The supervisor starts a worker again."""
