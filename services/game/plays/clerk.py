"""The clerk of the logs: seats, beacon values and paid plays, many in one transaction, of many campaigns.

Whoever holds the lock of a log's head writes; stock, seats taken and standings change nowhere else. So what
was read without locks holds as long as the head has not moved, and the statement that stores finds that out.
What was committed is signed afterwards, so nothing that may roll back is ever signed.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Final

from game.audit import service as audit
from game.db.connection import Connection
from game.ledger.service import Credit
from game.plays import log_store, store
from game.plays.accept_store import CONFLICTS
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
# How long logs are locked before they are read once another process has written to one meanwhile. What is
# done in vain then, a batch in so long a time, is little.
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
        jobs = [await job_of(resources, campaign_id, batch) for campaign_id, batch in batches.items()]
        if resources.clock() >= self._contended_until_ms and all(map(is_plain, jobs)):
            try:
                return await _write_unlocked(resources, jobs)
            except CONFLICTS:
                self._contended_until_ms = resources.clock() + CONTENDED_MS
        try:
            return await _write_locked(resources, jobs, _lock_soon)
        except _LogsHeld:
            return await _write_locked(resources, jobs, audit.lock_free_heads)


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
        credits_due = await _follow_up(conn, resources, turns, won_by(resources, turns))
    return await told(resources, turns, credits_due)


async def _write_unlocked(resources: Resources, jobs: Sequence[Job]) -> dict[str, Done]:
    """Read by a statement, without locks, and write by another. One of CONFLICTS: nothing was stored."""
    async with resources.pool.acquire() as conn:
        read = await read_unlocked(conn, jobs, now_ms=resources.clock())
        turns = turns_of(resources, jobs, read)
        won = won_by(resources, turns)
        prizes = prizes_of(won)
        if _is_one_statement(turns, prizes, is_told=read.known.is_told):
            credits_due = credits_of(prizes, read.known.accounts)
            await _settle(conn, resources, turns, read.known, prizes=prizes, credits_due=credits_due)
        else:
            async with conn.transaction():
                await _settle(conn, resources, turns, read.known)
                credits_due = await _follow_up(conn, resources, turns, won)
    return await told(resources, turns, credits_due)


def _is_one_statement(turns: Sequence[Turn], prizes: Sequence[Won], *, is_told: bool) -> bool:
    """Whether there is nothing to be stored beside plays that go on, and what they win by itself."""
    is_any_contradicted = any(turn.settled.settling.contradicted for turn in turns)
    is_anyone_told = is_told and bool(prizes)
    return not is_any_contradicted and not is_anyone_told and all(map(is_granted_alone, prizes))


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


async def _follow_up(
    conn: Connection, resources: Resources, turns: Sequence[Turn], won: Sequence[Won]
) -> list[Credit]:
    """What is left to be stored, once plays and draws are; the credits that are due."""
    for turn in turns:
        settling = turn.settled.settling
        for play_id in settling.contradicted:
            await store.contradict(conn, settling.plays[play_id])
    return await grant(conn, resources, won)
