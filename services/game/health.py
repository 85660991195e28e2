"""Whether the process is up, whether it can serve, and what it counts."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum
from functools import lru_cache

import asyncpg
import msgspec
import structlog
from litestar import Controller, Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example

from game import telemetry
from game.addresses import is_loopback
from game.auth import PUBLIC, AppRequest
from game.clocks import compare
from game.db.migrations import read_migrations
from game.db.statements import load
from game.errors import Forbidden
from game.problems import problem_responses
from game.resources import Resources

CHECK_TIMEOUT_SECONDS = 2.0

log = structlog.get_logger()
_SQL = load("game")


class State(StrEnum):
    """What was found of something the service needs."""

    UP = "up"
    DOWN = "down"
    BEHIND = "behind"
    APART = "apart"


class Live(msgspec.Struct, frozen=True):
    """The process answers."""

    status: State


class Ready(msgspec.Struct, frozen=True):
    """`status` is that of the database, its migrations and its clock: without the rest we serve what we can.

    `clock` is `apart` where ours is further from the database's than the settings allow.
    """

    status: State
    database: State
    migrations: State
    clock: State
    redis: State
    ledger: State


DOWN = Ready(
    status=State.DOWN,
    database=State.DOWN,
    migrations=State.DOWN,
    clock=State.DOWN,
    redis=State.UP,
    ledger=State.UP,
)


class Operations(Controller):
    """For whoever runs the service."""

    tags = ("Operations",)
    opt = PUBLIC

    @get("/health/live", sync_to_thread=False, responses=problem_responses(401))
    def live(self) -> Live:
        """Whether the process is up. It looks at nothing else, so that a restart is the right remedy."""
        return Live(status=State.UP)

    @get(
        "/health/ready",
        responses={
            503: ResponseSpec(
                Ready,
                generate_examples=False,
                description="Not now",
                examples=[Example(value=msgspec.to_builtins(DOWN))],
            ),
        },
    )
    async def ready(self, request: AppRequest) -> Response[Ready]:
        """Whether the process can serve: its database answers, has this release's schema and our time."""
        found = await readiness(request.resources)
        return Response(found, status_code=200 if found.status is State.UP else 503)

    @get("/metrics", sync_to_thread=False, include_in_schema=False)
    def metrics(self, request: AppRequest) -> Response[bytes]:
        """Prometheus' metrics, for callers on this machine that no proxy stands before."""
        client = request.scope["client"]
        if client is None or not is_loopback(client[0]) or "x-forwarded-for" in request.headers:
            raise Forbidden("metrics_are_local", "Metrics are read on the machine itself.")
        return Response(telemetry.metrics(), media_type="text/plain; version=0.0.4")


async def readiness(resources: Resources) -> Ready:
    """What works of what the service needs; every check has its time limit."""
    migrations = await _found(resources, _migrations)
    database = State.DOWN if migrations is State.DOWN else State.UP
    clock = State.DOWN if database is State.DOWN else await _found(resources, _clock)
    return Ready(
        status=State.UP if {migrations, clock} == {State.UP} else State.DOWN,
        database=database,
        migrations=migrations,
        clock=clock,
        redis=await _found(resources, _redis),
        ledger=State.UP if resources.ledger.available() else State.DOWN,
    )


async def _found(resources: Resources, check: Callable[[Resources], Awaitable[State]]) -> State:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
            return await check(resources)
    except Exception as error:
        log.warning("health.check_failed", check=check.__name__, reason=repr(error))
        return State.DOWN


async def _migrations(resources: Resources) -> State:
    # A database that is ahead is fine: migrations leave the release before them working.
    try:
        applied = await resources.pool.fetchval(_SQL.migrations_applied)
    except asyncpg.UndefinedTableError:
        return State.BEHIND
    return State.UP if applied >= _ours() else State.BEHIND


async def _clock(resources: Resources) -> State:
    return State.UP if await compare(resources) else State.APART


async def _redis(resources: Resources) -> State:
    await resources.redis.ping()
    return State.UP


@lru_cache(maxsize=1)
def _ours() -> int:
    return len(read_migrations())
