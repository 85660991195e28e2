"""What drives plays: batches that collect while one is in flight, and a task per play under way."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Mapping, Sequence
from functools import lru_cache, partial
from uuid import UUID

import structlog
from prometheus_client import Counter

from game import telemetry
from game.batch import Batcher
from game.campaigns.rules import Game
from game.errors import Unavailable
from game.ledger import service as outbox
from game.ledger.charging import charge
from game.ledger.service import Credit
from game.patience import Patience
from game.plays import store
from game.plays.accept import Driven
from game.plays.clerk import Clerk, write_batch
from game.plays.recalling import Recalling
from game.plays.release import Uncharged, release_batch
from game.plays.rules import UNCHARGED, Asked, Debit, Play, SeatWanted, State
from game.plays.settling import Funded
from game.plays.telling import Teller
from game.plays.views import Face
from game.plays.wants import Advanced, Answer, Errand, Sitting, WantBeacon, WantDraws, WantSeat, campaign_of
from game.resources import Resources
from ledger_client import Applied, Outcome, Unknown

ACCEPTS_PER_BATCH = 256
WANTS_PER_BATCH = 256
RELEASES_PER_BATCH = 128
WAITING_MAX = 4_096
DRIVEN_MAX = 4_096
CREDITING_MAX = 256
CLERKS_MAX = 1_024
# Of the eight connections that a process has unless told otherwise: whoever accepts finds one, too.
CLERKS_AT_WORK = 4
DOUBT_MS = 1_000
# More than there are states of a play.
STATES_MAX = 16
GRACE_SECONDS = 10.0

log = structlog.get_logger()


class LogTaken(Exception):
    """Somebody else holds the log: whoever wants something of it has to wait, and nobody else."""


class Engine:
    """The plays of one process. Nothing in it is needed for correctness: sweepers take up what it leaves."""

    def __init__(self, resources: Resources, *, faces: Mapping[Game, Face]) -> None:
        self.resources = resources
        self.faces = faces
        self.teller = Teller(resources, faces=faces)
        self._recalling = Recalling(resources)
        self._logs = Clerk(resources)
        self._accepts = Batcher(self._accept, batch_limit=ACCEPTS_PER_BATCH, waiting_limit=WAITING_MAX)
        self._releases = Batcher(self._release, batch_limit=RELEASES_PER_BATCH, waiting_limit=WAITING_MAX)
        self._clerk_of_all: Batcher[Errand, Answer] = Batcher(
            self._write, batch_limit=WANTS_PER_BATCH, waiting_limit=WAITING_MAX
        )
        self._clerks: dict[str, Batcher[Errand, Answer]] = {}
        self._turns = asyncio.Semaphore(CLERKS_AT_WORK)
        self._driven: dict[UUID, asyncio.Task[Advanced]] = {}
        self._crediting: set[asyncio.Task[int]] = set()
        self._patience: Patience[asyncio.Future[None]] = Patience(
            resources.settings.request_deadline_ms / 1000, _wake
        )

    async def accept(self, asked: Asked) -> Driven:
        """Store a play, or find the one that its key was used for. A seat is opened where the pool allows."""
        if len(self._driven) >= DRIVEN_MAX:
            raise Unavailable("busy", "Too many plays are under way; nothing was stored.", waiting=DRIVEN_MAX)
        try:
            return await self._accepts.submit(asked)
        except SeatWanted:
            await self.seat(WantSeat(terms=asked.terms, player_id=asked.player_id, seed=b""))
        return await self._accepts.submit(asked)

    async def seat(self, want: WantSeat) -> Sitting:
        """Offer an anchor or log a seat."""
        answer = await self._ask(want)
        assert isinstance(answer, Sitting)
        return answer

    async def beacon(self, campaign_id: str, want: WantBeacon) -> None:
        """Log the value of a round and drive on the plays that waited for it."""
        self._credit((await write_batch(self.resources, campaign_id, [want])).credits)

    def drive(self, play: Play, debit: Debit | None = None) -> "asyncio.Task[Advanced]":
        """The task that takes the play on; the one that is under way already, if there is one."""
        task = self._driven.get(play.play_id)
        if task is None:
            task = asyncio.create_task(self._drive(play, debit))
            self._driven[play.play_id] = task
            task.add_done_callback(partial(self._driven_on, play))
        return task

    async def done_in_time(self, task: "asyncio.Task[Advanced]") -> bool:
        """Whether a play is driven on while a request may wait; it goes on after that."""
        if task.done():
            return True
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[None] = loop.create_future()
        wake = partial(_wake, waiting)
        task.add_done_callback(wake)
        self._patience.begin(waiting, loop)
        try:
            await waiting
        finally:
            self._patience.forget(waiting)
            task.remove_done_callback(wake)
        return task.done()

    def _driven_on(self, play: Play, task: "asyncio.Task[Advanced]") -> None:
        del self._driven[play.play_id]
        if task.cancelled():
            return
        if error := task.exception():
            log.warning("play.not_driven_on", play=play.wire_id, error=repr(error))
        else:
            _plays_in(task.result().play.state).inc()

    async def _drive(self, play: Play, debit: Debit | None) -> Advanced:
        funded = None
        if play.state in UNCHARGED:
            outcome = await self._charge(play, debit or await self._stored_debit(play))
            if isinstance(outcome, Unknown):
                return _unchanged(await self._doubt(play))
            if not isinstance(outcome, Applied):
                return _unchanged(await self._releases.submit(Uncharged(play=play, outcome=outcome)))
            funded = Funded(
                ledger_seq=outcome.seq, balance_points=next(iter(outcome.balances.values()), None)
            )
        return await self._settle(play, funded)

    async def _settle(self, play: Play, funded: Funded | None) -> Advanced:
        try:
            answer = await self._ask(WantDraws(play=play, funded=funded))
        except Unavailable:  # the clerk has no room: whoever is charged must not hear that nothing was stored
            return _unchanged(await self._doubt(play))
        assert isinstance(answer, Advanced)
        return answer

    def _charge(self, play: Play, debit: Debit) -> Awaitable[Outcome]:
        return charge(
            self.resources,
            operation_id=debit.operation_id,
            body=debit.body,
            subject=debit.subject,
            apply_before_ms=play.apply_before_ms,
        )

    async def _stored_debit(self, play: Play) -> Debit:
        async with self.resources.pool.acquire() as conn:
            return await store.debit_of(conn, play)

    async def _doubt(self, play: Play) -> Play:
        async with self.resources.pool.acquire() as conn:
            await store.doubt(conn, play, next_attempt_ms=self.resources.clock() + DOUBT_MS)
            stored = await store.read_play(conn, play.campaign_id, play.play_id)
        assert stored is not None
        return stored

    async def _ask(self, errand: Errand) -> Answer:
        campaign_id = campaign_of(errand)
        try:
            return await self._clerk(campaign_id).submit(errand)
        except LogTaken:
            return await self._own_clerk(campaign_id).submit(errand)

    def _clerk(self, campaign_id: str) -> Batcher[Errand, Answer]:
        """The clerk of all campaigns; a campaign's own while that has something to wait for."""
        own = self._clerks.get(campaign_id)
        return self._clerk_of_all if own is None or own.idle else own

    def _own_clerk(self, campaign_id: str) -> Batcher[Errand, Answer]:
        if campaign_id not in self._clerks:
            if len(self._clerks) >= CLERKS_MAX:
                self._clerks = {key: clerk for key, clerk in self._clerks.items() if not clerk.idle}
            self._clerks[campaign_id] = Batcher(
                partial(self._write_own, campaign_id),
                batch_limit=WANTS_PER_BATCH,
                waiting_limit=WAITING_MAX,
                turns=self._turns,
            )
        return self._clerks[campaign_id]

    async def _accept(self, batch: Sequence[Asked]) -> Sequence[Driven | BaseException]:
        telemetry.BATCHES.labels("accept").observe(len(batch))
        return await self._recalling.accept(batch)

    async def _release(self, batch: Sequence[Uncharged]) -> Sequence[Play | BaseException]:
        telemetry.BATCHES.labels("release").observe(len(batch))
        released = await release_batch(self.resources, batch)
        for each in batch:
            self._recalling.forget(each.play)
        return released

    async def _write(self, batch: Sequence[Errand]) -> Sequence[Answer | LogTaken]:
        """Do the errands to all logs but those that somebody else holds."""
        telemetry.BATCHES.labels("settle").observe(len(batch))
        campaigns = list(map(campaign_of, batch))
        errands: defaultdict[str, list[Errand]] = defaultdict(list)
        for campaign_id, errand in zip(campaigns, batch, strict=True):
            errands[campaign_id].append(errand)
        done = await self._logs.write(errands)
        self._credit([credit for each in done.values() for credit in each.credits])
        answers = {campaign_id: iter(each.answers) for campaign_id, each in done.items()}
        found = map(answers.get, campaigns)
        return [LogTaken() if theirs is None else next(theirs) for theirs in found]

    async def _write_own(self, campaign_id: str, batch: Sequence[Errand]) -> Sequence[Answer]:
        telemetry.BATCHES.labels("settle").observe(len(batch))
        done = await write_batch(self.resources, campaign_id, batch)
        self._credit(done.credits)
        return done.answers

    def _credit(self, credits_due: Sequence[Credit]) -> None:
        # Beyond the limit the credits are left to the sweeper, which re-sends what is due.
        if credits_due and len(self._crediting) < CREDITING_MAX:
            task = asyncio.create_task(outbox.send(self.resources, credits_due))
            self._crediting.add(task)
            task.add_done_callback(self._credited)

    def _credited(self, task: "asyncio.Task[int]") -> None:
        self._crediting.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.warning("credits.not_sent", error=repr(error))

    async def close(self) -> None:
        """Let what is under way come to its end, for a while; a sweeper takes up what is cut off."""
        try:
            async with asyncio.timeout(GRACE_SECONDS):
                while under_way := [*self._driven.values(), *self._crediting]:  # plays leave credits behind
                    await asyncio.wait(under_way)
        except TimeoutError:
            log.warning("engine.cut_off", plays=len(self._driven), credits=len(self._crediting))


def _wake(waiting: "asyncio.Future[None]", _task: object = None) -> None:
    if not waiting.done():
        waiting.set_result(None)


@lru_cache(maxsize=STATES_MAX)
def _plays_in(state: State) -> Counter:
    return telemetry.PLAYS.labels(state)


def _unchanged(play: Play) -> Advanced:
    return Advanced(play=play, seat=None, tag=None, draws=(), receipts={})
