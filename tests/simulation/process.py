"""One process of the game, from its start to its end or its death: the product's own code, wired as there."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any, cast

import msgspec
from redis.asyncio import Redis

from game.boards.folding import fold_scores
from game.campaigns.service import pool_terms
from game.db.pool import open_pool
from game.errors import Refusal
from game.ledger.reconcile import RECONCILE_MS, reconcile
from game.limits import Bucket, Limits
from game.plays import service
from game.plays.engine import Engine
from game.plays.steps import SWEEP_MS
from game.plays.sweep import DRAIN_SHARE, Drain
from game.plays.views import PlayView
from game.resources import Resources
from game.tasks.processing import process_events
from game.tasks.repairing import sweep_repairs
from game.vault import Vault
from game.webhooks.reception import Reception, Sender
from game.webhooks.signing import signed_headers
from game.worker import Step, run_steps
from ledger_client import Hooks, LedgerClient, Options, Outcome, Unknown
from ledger_client.hooks import Wait
from tests.simulation.crowd import Crowd
from tests.simulation.network import Link, Network
from tests.simulation.reviewers import decide_one
from tests.simulation.scenario import Scenario, Telling, Wish
from tests.simulation.senders import Senders
from tests.simulation.setting import EPOCH_MS, NO_REDIS, SOURCE, SOURCE_KEY, entropy_of
from tests.simulation.timeline import Timeline
from tests.simulation.trace import Trace
from tests.support.app import settings_for
from tests.support.stage import SEED, engine_of, player

# Seldom, so that events wait for each other, and for the database to be asked less.
PROCESS_MS = 1_500


class Process:
    """The `number`th process of a seed. It lives in the running loop and knows nothing of those before it."""

    def __init__(
        self,
        scenario: Scenario,
        network: Network,
        crowd: Crowd,
        senders: Senders,
        *,
        number: int,
        timeline: Timeline,
        url: str,
        campaign_id: str,
    ) -> None:
        self.link = Link(network)
        self.counts: Counter[str] = Counter()
        self.errors: list[BaseException] = []
        self._scenario = scenario
        self._crowd = crowd
        self._senders = senders
        self._name = f"{scenario.seed} process {number}"
        self._timeline = timeline
        self._url = url
        self._campaign_id = campaign_id
        self._answering: set[asyncio.Task[Any]] = set()
        self._engine: Engine | None = None
        self._reception: Reception | None = None

    def ask(self, wish: Wish) -> None:
        """Let a player's request come in."""
        self._begin(self._answer(wish))

    def take(self, telling: Telling, body: bytes) -> None:
        """Let a sender's request come in."""
        self._begin(self._take(telling, body))

    def decide(self, campaign_id: str, trace: Trace) -> None:
        """Let a reviewer's request come in."""
        assert self._engine is not None
        self._begin(decide_one(self._engine.resources, campaign_id, trace))

    def _begin(self, request: Coroutine[Any, Any, object]) -> None:
        task = asyncio.get_running_loop().create_task(request)
        self._answering.add(task)
        task.add_done_callback(self._answered)

    async def open(self, stack: AsyncExitStack) -> Resources:
        """Open what `game.app` opens; closed with the stack."""
        given = settings_for(
            self._url,
            NO_REDIS,
            OPERATION_TTL_MS=str(self._scenario.operation_ttl_ms),
            REQUEST_DEADLINE_MS=str(self._scenario.request_deadline_ms),
        )
        pool = await open_pool(self._url, connections=1)
        stack.push_async_callback(pool.close)
        async with pool.acquire() as connection:  # else every other statement would tidy up after nothing
            cast("Any", connection)._con._reset_query = ""
        chance = random.Random(self._name)
        ledger = LedgerClient(self.link, Options(), hooks=_Counting(self.counts), random=chance.random)
        stack.push_async_callback(ledger.close)
        resources = Resources(
            settings=given,
            pool=pool,
            redis=Redis.from_url(NO_REDIS),
            ledger=ledger,
            vault=Vault(given.secret_keys),
            clock=self._now_ms,
            entropy=entropy_of(self._name),
        )
        self._engine = engine_of(resources)
        self._reception = Reception(resources, _NoLimits(resources))
        return resources

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Answer players, and do what the service does beside; at the end what was begun is finished."""
        assert self._engine is not None
        async with run_steps(self._engine.resources, _steps(self._engine)):
            self._crowd.process = self._senders.process = self
            yield
            self._crowd.process = self._senders.process = None
            while self._answering:
                await asyncio.wait(self._answering)
        await self._engine.close()

    def _now_ms(self) -> int:
        return EPOCH_MS + round(self._timeline.now * 1_000)

    async def _answer(self, wish: Wish) -> None:
        try:
            view = await self._play(wish)
        except Refusal as refusal:
            self._crowd.refuse(wish, refusal)
        else:
            self._crowd.hear(wish, msgspec.json.decode(msgspec.json.encode(view)))

    async def _take(self, telling: Telling, body: bytes) -> None:
        assert self._reception is not None
        webhook_id = f"{telling.by}-{telling.name}"
        now_seconds = self._now_ms() // 1_000
        sent = signed_headers(SOURCE_KEY, webhook_id=webhook_id, timestamp_seconds=now_seconds, body=body)
        try:
            stamp = self._reception.stamp([(name.encode(), value.encode()) for name, value in sent.items()])
            taken = await self._reception.receive(Sender(brand_id="acme", source=SOURCE), stamp, body)
        except Refusal as refusal:
            self._senders.refuse(telling, refusal)
        else:
            self._senders.hear(telling, taken.state)

    async def _play(self, wish: Wish) -> PlayView:
        assert self._engine is not None
        terms = await pool_terms(self._engine.resources, campaign_id=self._campaign_id, pool_id=wish.pool_id)
        ask = partial(
            service.play,
            self._engine,
            player(wish.subject),
            terms,
            key=wish.key,
            draws=wish.draws,
            paid_with=wish.paid_with,
        )
        try:
            return await ask()
        except Refusal as refusal:
            if refusal.code != "seat_required":
                raise
        await service.offer_anchor(self._engine, player(wish.subject), terms)
        await service.open_seat(self._engine, player(wish.subject), terms, bytes.fromhex(SEED))
        return await ask()

    def _answered(self, task: "asyncio.Task[Any]") -> None:
        self._answering.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self.errors.append(error)


def _steps(engine: Engine) -> tuple[Step, ...]:
    """Those of `game.app` that have to do with plays, events and points."""
    drain = Drain(engine, repairs=sweep_repairs)
    return (
        Step(name="events.process", run=process_events, interval_ms=PROCESS_MS),
        Step(name="scores.fold", run=fold_scores, interval_ms=PROCESS_MS),
        Step(name="ledger.drain", run=drain, interval_ms=SWEEP_MS, share=DRAIN_SHARE),
        Step(name="ledger.reconcile", run=reconcile, interval_ms=RECONCILE_MS),
    )


class _NoLimits(Limits):
    """Nobody calls too often: there is no Redis here to count."""

    def __init__(self, resources: Resources) -> None:
        super().__init__(resources.redis, per_player=1, per_address=1, clock=resources.clock)

    async def count(self, *buckets: Bucket) -> None:
        """Count nothing."""


class _Counting(Hooks):
    def __init__(self, counts: Counter[str]) -> None:
        self._counts = counts

    def ended(self, wait: Wait, *, outcome: Outcome | None, seconds: float) -> None:
        """Count what is not known, and the rest."""
        del wait, seconds
        self._counts["unknown" if isinstance(outcome, Unknown) else "decided"] += 1
