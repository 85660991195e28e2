"""The composition root: everything is wired here and nowhere else."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import lru_cache, partial
from typing import cast

import aiohttp
import structlog
from litestar import Controller, Litestar
from litestar.enums import ScopeType
from litestar.types import HTTPScope, LifeSpanReceive, LifeSpanScope, LifeSpanSend, Receive, Scope, Send

from game import telemetry
from game.audit.api import Log
from game.audit.listing_api import Logs
from game.audit.verifier_api import Verifiers
from game.audit.witnessing import ask_witnesses
from game.auth import AppRequest, check_guards
from game.badges import api as badges_api
from game.badges.api import Badges, ManagedBadges
from game.boards import api as boards_api
from game.boards.api import Boards, ManagedBoards, MyBoards
from game.boards.groups.api import Groups
from game.boards.steps import STEPS as BOARD_STEPS
from game.campaigns import public_api as campaigns_api
from game.campaigns.api import Campaigns
from game.campaigns.public_api import PublicCampaigns
from game.campaigns.stock import tell_of_stock
from game.campaigns.stock_api import StockAlerts
from game.clocks import Watch
from game.credentials.api import BadgeIssuer, Credentials, OpenBadges
from game.custody.api import SecretReadings
from game.db.pool import open_pool
from game.document import document
from game.erasure.api import Erasures
from game.erasure.service import STEPS as ERASURE_STEPS
from game.evidence.api import EvidencePacks
from game.evidence.service import make_packs
from game.exchange import BODY_BYTES
from game.gate import BOUNDS, Bounds, Gate
from game.gifts.api import Gifts
from game.gifts.returning import expire_gifts
from game.health import Operations
from game.issuers import Issuers
from game.ledger.api import Reconciliation
from game.ledger.hooks import Measured
from game.limits import Limits
from game.monitor.api import Fit, FitAlerts
from game.monitor.following import STEPS as MONITOR_STEPS
from game.pages import Pages
from game.planning import STEP as STATISTICS_STEP
from game.plays import api as plays_api
from game.plays.api import Plays, Seats
from game.plays.engine import Engine
from game.plays.intake import Intake as PlayIntake
from game.plays.review_api import Reviews
from game.plays.steps import play_steps
from game.plays.sweep import Drain
from game.polls import Polls
from game.prizes import api as prizes_api
from game.prizes import lots_api
from game.prizes.api import Prizes
from game.prizes.lots_api import ChanceLots
from game.problems import exception_handler, is_passing
from game.reads import Reads
from game.resources import Resources, open_redis, system_clock, system_entropy
from game.scratch.api import Scratch
from game.scratch.intake import Looks
from game.scratch.rules import artwork
from game.settings import Settings
from game.tasks import api as tasks_api
from game.tasks import streak_api
from game.tasks.api import ManagedTasks, TaskReviews, Tasks, TaskSettings
from game.tasks.past_api import PastEvents
from game.tasks.repairing import sweep_repairs
from game.tasks.steps import STEPS
from game.tasks.streak_api import ManagedStreaks, Streaks
from game.tasks.zones_api import TimeZones
from game.tokens import Tokens
from game.vault import Vault
from game.webhooks.api import Webhooks
from game.webhooks.intake import Intake as EventIntake
from game.webhooks.manage_api import Events, EventTypes, WebhookSources
from game.webhooks.out.api import WebhookEndpoints
from game.webhooks.out.delivering import Deliveries
from game.webhooks.out.sender import Sender
from game.webhooks.out.steps import STEPS as OUT_STEPS
from game.webhooks.reception import Reception
from game.wheel import api as wheel_api
from game.wheel.api import Wheel
from game.wheel.rules import stop
from game.worker import Step, run_steps
from ledger_client import Ledger, Options
from ledger_client.adapters import open_ledger

START_SECONDS = 30.0
START_PAUSE_SECONDS = 0.5
REFRESH_KEYS_MS = 300_000
WRITE_ACCESS_LINES_MS = 1_000
SEND_WEBHOOKS_MS = 200
CONTROLLERS: tuple[type[Controller], ...] = (
    PublicCampaigns, Wheel, Seats, Plays, Scratch, Prizes, Gifts, Campaigns, Reconciliation, Reviews, Log,
    Logs, Verifiers, Groups, Operations, Pages, WebhookEndpoints, Webhooks, WebhookSources, EventTypes,
    Events, ManagedTasks, TaskSettings, TaskReviews, Tasks, PastEvents, StockAlerts, ManagedBadges,
    Badges, ChanceLots, TimeZones, ManagedStreaks, Streaks, ManagedBoards, Boards, MyBoards, BadgeIssuer,
    Credentials, OpenBadges, Fit, FitAlerts, SecretReadings, EvidencePacks, Erasures,
)  # fmt: skip
PUBLIC_READS = (*campaigns_api.READS, *boards_api.READS, *wheel_api.READS)
PLAYERS_APIS = (campaigns_api, plays_api, prizes_api, lots_api, tasks_api, streak_api, badges_api)
PLAYERS_POLLS = tuple(poll for api in PLAYERS_APIS for poll in api.POLLS)
MESSAGE_STEPS = (Step(name="stock.tell", run=tell_of_stock, interval_ms=30_000), *OUT_STEPS)
EVENT_STEPS: tuple[Step, ...] = (
    *STEPS,
    *ERASURE_STEPS,
    Step(name="gifts.expire", run=expire_gifts, interval_ms=1_000),
)

log = structlog.get_logger()


class Service(Litestar):
    """The application behind its gate; the lifespan opens and closes what both work with."""

    async def __call__(
        self,
        scope: Scope | LifeSpanScope,
        receive: Receive | LifeSpanReceive,
        send: Send | LifeSpanSend,
    ) -> None:
        """Send requests through the gate, everything else past it; some do not need the framework."""
        if scope["type"] == ScopeType.HTTP:
            asked = cast("HTTPScope", scope)
            for each in self.state.ahead:
                if each.is_meant(asked):
                    await self.state.gate.pass_on(each, asked, receive, send)
                    return
            await self.state.gate.pass_on(super().__call__, asked, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_app() -> Litestar:
    """The application of a service process, as the environment says; SettingsError when it does not."""
    settings = Settings.from_environment(os.environ)
    telemetry.configure_logging(settings.log_level)
    return build_app(settings)


def build_app(
    settings: Settings,
    *,
    ledger: Ledger | None = None,
    clock: Callable[[], int] = system_clock,
    entropy: Callable[[int], bytes] = system_entropy,
    controllers: Sequence[type[Controller]] = CONTROLLERS,
    bounds: Bounds = BOUNDS,
) -> Litestar:
    """The application; nothing is opened before its lifespan starts. No ledger: the settings name it."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async def start(stack: AsyncExitStack) -> None:
            resources = await open_resources(stack, settings, ledger=ledger, clock=clock, entropy=entropy)
            await _start(stack, app, resources, bounds)

        async with await _patiently(start):
            yield

    app = Service(
        controllers,
        lifespan=[lifespan],
        request_class=AppRequest,
        exception_handlers={Exception: exception_handler},
        request_max_body_size=BODY_BYTES,
        logging_config=None,
        openapi_config=None,
    )
    check_guards(app)
    app.state.document = lru_cache(maxsize=1)(partial(document, controllers))
    return app


async def _patiently(start: Callable[[AsyncExitStack], Awaitable[None]]) -> AsyncExitStack:
    """What was started, to be closed; it waits for a database that is away.

    A process that gives up at its start takes those beside it down, which still serve.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + START_SECONDS
    while True:
        async with AsyncExitStack() as stack:
            try:
                await start(stack)
                return stack.pop_all()
            except Exception as error:
                if not is_passing(error) or loop.time() > deadline:
                    raise
                log.warning("service.waits_to_start", reason=repr(error))
        await asyncio.sleep(START_PAUSE_SECONDS)


async def _start(stack: AsyncExitStack, app: Litestar, resources: Resources, bounds: Bounds) -> None:
    settings = resources.settings
    session = await stack.enter_async_context(aiohttp.ClientSession())
    issuers = Issuers(resources.pool, session, clock=resources.clock)
    await issuers.refresh()
    tokens = Tokens(issuers, audience=settings.token_audience, clock=resources.clock)
    engine = Engine(resources, faces={"wheel": stop, "scratch": artwork})
    stack.push_async_callback(engine.close)
    app.state.resources, app.state.engine = resources, engine
    limits = Limits(
        resources.redis,
        per_player=settings.requests_per_player,
        per_address=settings.requests_per_address,
        clock=resources.clock,
    )
    framework = partial(Litestar.__call__, app)
    polls = Polls(resources, framework, PLAYERS_POLLS)
    reads = Reads(framework, PUBLIC_READS, to_players=polls, clock=resources.clock)
    stack.push_async_callback(reads.close)
    app.state.intake = EventIntake(Reception(resources, limits))
    app.state.ahead = (
        PlayIntake(engine, framework),
        Looks(engine, framework),
        app.state.intake,
        reads,
        polls,
    )
    app.state.gate = Gate(tokens, limits, trusted_proxies=settings.trusted_proxies, bounds=bounds)
    sender = await stack.enter_async_context(
        Sender(to_loopback=settings.webhooks_to_loopback, clock=resources.clock)
    )
    deliveries = Deliveries(sender)
    stack.push_async_callback(deliveries.close)
    watch = Watch()
    await watch.step.run(resources)
    drain = Drain(engine, repairs=sweep_repairs)
    timed = [
        *play_steps(engine, session, drain),
        *EVENT_STEPS,
        *MESSAGE_STEPS,
        *BOARD_STEPS,
        *MONITOR_STEPS,
        Step(name="witnesses.ask", run=partial(ask_witnesses, session=session), interval_ms=5_000),
        Step(name="evidence.make", run=make_packs, interval_ms=1_000),
        Step(name="webhooks.send", run=deliveries.run, interval_ms=SEND_WEBHOOKS_MS),
    ]
    steps = [*_steps(issuers), STATISTICS_STEP, watch.step, *map(watch.lets, timed)]
    await stack.enter_async_context(run_steps(resources, steps))


async def open_resources(
    stack: AsyncExitStack,
    settings: Settings,
    *,
    ledger: Ledger | None = None,
    clock: Callable[[], int] = system_clock,
    entropy: Callable[[int], bytes] = system_entropy,
) -> Resources:
    """What the use cases need, open until the stack is closed."""
    stack.callback(telemetry.forget_process)
    stack.callback(telemetry.write_access_lines)
    pool = await open_pool(
        settings.database_url,
        connections=settings.database_connections,
        pooler=settings.database_pooler,
    )
    stack.push_async_callback(pool.close)
    redis = open_redis(settings.redis_url)
    stack.push_async_callback(redis.aclose)
    ledger = ledger or open_ledger(settings.ledger_url, settings.ledger_token, Options(), hooks=Measured())
    stack.push_async_callback(ledger.close)
    return Resources(
        settings=settings,
        pool=pool,
        redis=redis,
        ledger=ledger,
        vault=Vault(settings.secret_keys),
        clock=clock,
        entropy=entropy,
    )


def _steps(issuers: Issuers) -> tuple[Step, ...]:
    async def refresh_keys(_resources: Resources) -> int:
        await issuers.refresh()
        return 0

    async def write_access_lines(_resources: Resources) -> int:
        telemetry.write_access_lines()
        return 0

    return (
        Step(name="issuers.refresh", run=refresh_keys, interval_ms=REFRESH_KEYS_MS),
        Step(name="telemetry.write", run=write_access_lines, interval_ms=WRITE_ACCESS_LINES_MS),
    )
