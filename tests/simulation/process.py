"""One process of the game, from its start to its end or its death: the product's own code, wired as there."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any, cast

import msgspec
from redis.asyncio import Redis

from game.app import SWEEP_MS
from game.campaigns.service import pool_terms
from game.db.pool import open_pool
from game.errors import Refusal
from game.ledger.reconcile import RECONCILE_MS, reconcile
from game.plays import service
from game.plays.engine import Engine
from game.plays.sweep import DRAIN_SHARE, Drain
from game.plays.views import PlayView
from game.resources import Resources
from game.vault import Vault
from game.worker import Step, run_steps
from ledger_client import Hooks, LedgerClient, Options, Outcome, Unknown
from ledger_client.hooks import Wait
from tests.simulation.crowd import Crowd
from tests.simulation.network import Link, Network
from tests.simulation.scenario import Scenario, Wish
from tests.simulation.setting import EPOCH_MS, NO_REDIS, entropy_of
from tests.simulation.timeline import Timeline
from tests.support.app import settings_for
from tests.support.stage import SEED, engine_of, player


class Process:
    """The `number`th process of a seed. It lives in the running loop and knows nothing of those before it."""

    def __init__(
        self,
        scenario: Scenario,
        network: Network,
        crowd: Crowd,
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
        self._name = f"{scenario.seed} process {number}"
        self._timeline = timeline
        self._url = url
        self._campaign_id = campaign_id
        self._answering: set[asyncio.Task[None]] = set()
        self._engine: Engine | None = None

    def ask(self, wish: Wish) -> None:
        """Let a player's request come in."""
        task = asyncio.get_running_loop().create_task(self._answer(wish))
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
        return resources

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Answer players, and do what the service does beside; at the end what was begun is finished."""
        assert self._engine is not None
        async with run_steps(self._engine.resources, _steps(self._engine)):
            self._crowd.process = self
            yield
            self._crowd.process = None
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

    def _answered(self, task: "asyncio.Task[None]") -> None:
        self._answering.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self.errors.append(error)


def _steps(engine: Engine) -> tuple[Step, ...]:
    """Those of `game.app` that have to do with plays and points."""
    return (
        Step(name="ledger.drain", run=Drain(engine), interval_ms=SWEEP_MS, share=DRAIN_SHARE),
        Step(name="ledger.reconcile", run=reconcile, interval_ms=RECONCILE_MS),
    )


class _Counting(Hooks):
    def __init__(self, counts: Counter[str]) -> None:
        self._counts = counts

    def ended(self, wait: Wait, *, outcome: Outcome | None, seconds: float) -> None:
        """Count what is not known, and the rest."""
        del wait, seconds
        self._counts["unknown" if isinstance(outcome, Unknown) else "decided"] += 1
