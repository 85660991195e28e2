"""The clerk of the logs: seats, beacon values and paid plays, many in one transaction, of many campaigns.

Whoever holds the lock of a log's head writes; stock, seats taken and standings change nowhere else, and only
while the log grows. So what draws depend on may be read without locks: it holds as long as the head has not
moved, and the statement that stores finds out whether it has.
What was committed is signed afterwards, so nothing that may roll back is ever signed.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Final

from game import telemetry
from game.audit import service as audit
from game.db.connection import CONFLICTS, Connection
from game.ledger.service import Credit
from game.plays import log_store, store
from game.plays.log_store import Gains, UnderLog
from game.plays.reading import WAITING_PLAYS_MAX, Job, is_plain, job_of, read_locked, read_unlocked
from game.plays.turns import Turn, told, turns_of, won_by
from game.plays.wants import Advanced, Answer, Done, Sitting, Want, WantBeacon, WantDraws, WantSeat
from game.prizes.service import Won, credits_of, grant, is_granted_alone, prizes_of
from game.resources import Resources

__all__ = [
    "WAITING_PLAYS_MAX",
    "Advanced",
    "Answer",
    "Clerk",
    "Done",
    "Sitting",
    "Want",
    "WantBeacon",
    "WantDraws",
    "WantSeat",
    "write_batch",
]

# Some times what a batch takes on a busy machine.
PATIENCE_SECONDS: Final = 0.5
# How long all logs are locked before they are read once one of them had moved meanwhile, or was held by
# somebody. What is done in vain then, a batch in so long a time, is little.
CONTENDED_MS: Final = 2_000

_Lock = Callable[[Connection, Collection[str]], Awaitable[dict[str, audit.Head]]]


async def write_batch(resources: Resources, campaign_id: str, batch: Sequence[Want]) -> Done:
    """Do what is wanted of one campaign in one transaction, once nobody else holds its log."""
    job = await job_of(resources, campaign_id, batch)
    return (await _write_locked(resources, [job], audit.lock_heads))[campaign_id]


class Clerk:
    """Writes logs of several campaigns at once, and reads without locks while nobody else writes to them."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._contended_until_ms = 0

    async def write(self, batches: Mapping[str, Sequence[Want]]) -> dict[str, Done]:
        """Do what is wanted of several campaigns in one transaction.

        Other processes' transactions are waited for. Where one goes on for longer than they take, those
        campaigns are left out whose logs somebody holds, so nobody waits long for a campaign that is not
        their own.
        """
        resources = self._resources
        jobs = [await job_of(resources, each, batches[each]) for each in sorted(batches)]
        done = await self._at_once(jobs) if all(map(is_plain, jobs)) else None
        if done is not None:
            return done
        try:
            return await _write_locked(resources, jobs, _lock_soon)
        except _LogsHeld:
            return await _write_locked(resources, jobs, audit.lock_free_heads)

    async def _at_once(self, jobs: Sequence[Job]) -> dict[str, Done] | None:
        """Write without locks; None: nothing was stored, and locks are needed."""
        if self._resources.clock() < self._contended_until_ms:
            return None
        try:
            return await _write_unlocked(self._resources, jobs)
        except CONFLICTS:
            telemetry.BATCHES.labels("settle_again").observe(sum(len(job.batch) for job in jobs))
            self._contended_until_ms = self._resources.clock() + CONTENDED_MS
            return None


class _LogsHeld(Exception):
    """Somebody holds a log for longer than a batch takes."""


async def _lock_soon(conn: Connection, campaign_ids: Collection[str]) -> dict[str, audit.Head]:
    try:
        return await audit.lock_heads(conn, campaign_ids, patience_seconds=PATIENCE_SECONDS)
    except TimeoutError as error:
        raise _LogsHeld from error


async def _write_locked(resources: Resources, jobs: Sequence[Job], lock: _Lock) -> dict[str, Done]:
    async with resources.pool.acquire() as conn, conn.transaction():
        heads = await lock(conn, [job.campaign_id for job in jobs])
        turns: list[Turn] = []
        if held := [job for job in jobs if job.campaign_id in heads]:
            read = await read_locked(conn, held, heads, now_ms=resources.clock())
            turns = turns_of(resources, held, read)
        await audit.append_all(conn, [turn.growth for turn in turns if turn.growth is not None])
        await log_store.save_pages(conn, [turn.settled for turn in turns], now_ms=resources.clock())
        for settling in (turn.settled.settling for turn in turns):
            for play_id in settling.contradicted:
                await store.contradict(conn, settling.plays[play_id])
        credits_due = await grant(conn, resources, won_by(resources, turns))
    return await told(resources, turns, credits_due)


async def _write_unlocked(resources: Resources, jobs: Sequence[Job]) -> dict[str, Done] | None:
    """Read by a statement, without locks, and write by another.

    None: locks are needed. One of CONFLICTS: nothing was stored.
    """
    async with resources.pool.acquire() as conn:
        read = await read_unlocked(conn, jobs, now_ms=resources.clock())
        turns = turns_of(resources, jobs, read)
        if any(map(_needs_locks, turns)):
            return None
        won = won_by(resources, turns)
        prizes = prizes_of(won)
        if all(map(is_granted_alone, prizes)) and not (prizes and read.known.is_told):
            credits_due = credits_of(prizes, read.known.accounts)
            await _settle(conn, resources, turns, read.known, prizes=prizes, credits_due=credits_due)
        else:
            async with conn.transaction():
                await _settle(conn, resources, turns, read.known)
                credits_due = await grant(conn, resources, won)
    return await told(resources, turns, credits_due)


def _needs_locks(turn: Turn) -> bool:
    """Whether there are rows that `settle` does not store: new ones, and plays for a person to look at.

    Plain jobs come to no new ones; if one did, it would be lost without this.
    """
    page = turn.settled.page
    return bool(turn.settled.settling.contradicted or page.written_seats or page.newcomers or page.beacons)


async def _settle(
    conn: Connection,
    resources: Resources,
    turns: Sequence[Turn],
    known: UnderLog,
    *,
    prizes: Sequence[Won] = (),
    credits_due: Sequence[Credit] = (),
) -> None:
    changed = [turn for turn in turns if turn.settled.settling.changed]
    if changed:
        gains = Gains(
            growths=[turn.growth for turn in changed if turn.growth is not None],
            unchanged=[known.heads[turn.job.campaign_id] for turn in changed if turn.growth is None],
            prizes=prizes,
            credits=credits_due,
        )
        settled = [turn.settled for turn in changed]
        await log_store.settle(conn, settled, gains, now_ms=resources.clock())
