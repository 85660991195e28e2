"""Passes over the ledger's feed, our plays, rewards and repairs: compared, and mended where that may be.

A pass comes forward in bounded steps, each a transaction that moves a cursor by compare-and-set together with
what it found: cut off anywhere, or done by two processes at once, nothing is left out or done twice.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import structlog

from game.db.connection import Connection
from game.ledger import reconcile_store as store
from game.ledger.comparing import GRACE_MS
from game.ledger.hours import compare_hours, hours_of
from game.ledger.judging import Judge, judge_plays, judge_repairs, judge_rewards, judge_strangers
from game.ledger.reconcile_store import Compared, PassName, PostedOperation
from game.resources import Resources, uuid7
from ledger_client import LedgerUnreachable
from ledger_client.options import ENTRIES_MAX

RECONCILE_MS: Final = 60_000
FULL_MS: Final = 86_400_000
# Longer than the work of one turn takes.
LEASE_MS: Final = 120_000
PAGES_MAX: Final = 50
BATCH: Final = 500
BATCHES_MAX: Final = 100
TURNS_MAX: Final = 10_000

_JUDGES: Final[Mapping[Compared, Judge]] = {
    "plays": judge_plays,
    "rewards": judge_rewards,
    "repairs": judge_repairs,
}

_log = structlog.get_logger()


async def reconcile(resources: Resources) -> int:
    """Take up the passes whose turn it is; how many have more to do. None while the ledger is away."""
    if not resources.ledger.available():
        return 0
    passes: tuple[PassName, ...] = ("recent", "full")
    return sum([await _turn(resources, name) for name in passes])


async def reconcile_now(resources: Resources, name: PassName) -> None:
    """Bring a pass to its end, whoever else works at it. LedgerUnreachable: it is as far as it got.

    So is it with a ledger that has no feed, of which nobody may say that all agrees.
    """
    if not (await resources.ledger.capabilities()).feed:
        raise LedgerUnreachable("this ledger has no feed of entries, so nothing could be compared")
    for _ in range(TURNS_MAX):
        if await advance(resources, name):
            await _finish(resources, name)
            return
    raise LedgerUnreachable("the feed grows faster than it is read")


async def advance(resources: Resources, name: PassName) -> bool:
    """Take a pass on by a bounded piece; whether it came to its end. Raises LedgerUnreachable."""
    if not (await resources.ledger.capabilities()).feed:
        return True
    return (
        await _read_feed(resources, name)
        and await _judge_entries(resources, name)
        and await _compare(resources, name, "plays")
        and await _compare(resources, name, "rewards")
        and await _compare(resources, name, "repairs")
        and await _look_again(resources)
        and await compare_hours(resources)
    )


async def _turn(resources: Resources, name: PassName) -> bool:
    now_ms = resources.clock()
    async with resources.pool.acquire() as conn:
        if await store.claim_pass(conn, name, now_ms=now_ms, until_ms=now_ms + LEASE_MS) is None:
            return False
    try:
        is_done = await advance(resources, name)
    except LedgerUnreachable as error:
        _log.warning("reconciliation.waits", reason=str(error))
        await _put_off(resources, name, RECONCILE_MS)
        return False
    await (_finish(resources, name) if is_done else _put_off(resources, name, 0))
    return not is_done


async def _put_off(resources: Resources, name: PassName, ms: int) -> None:
    async with resources.pool.acquire() as conn:
        await store.release_pass(conn, name, next_ms=resources.clock() + ms, done_ms=None)


async def _finish(resources: Resources, name: PassName) -> None:
    now_ms = resources.clock()
    next_ms = now_ms + (FULL_MS if name == "full" else RECONCILE_MS)
    async with resources.pool.acquire() as conn, conn.transaction():
        if name == "full":
            await store.restart_pass(conn, name)
        await store.release_pass(conn, name, next_ms=next_ms, done_ms=now_ms)


async def _read_feed(resources: Resources, name: PassName) -> bool:
    for _ in range(PAGES_MAX):
        if not await _read_page(resources, name):
            continue
        return True
    return False


async def _read_page(resources: Resources, name: PassName) -> bool:
    """Copy the next page of the feed; whether it was the last one."""
    async with resources.pool.acquire() as conn:
        after_seq = (await store.read_pass(conn, name)).after_seq
        copied_seq = await store.last_copied(conn)
    page = await resources.ledger.entries(after_seq=after_seq, limit=ENTRIES_MAX)
    is_last = len(page.entries) < ENTRIES_MAX
    # What was copied before and is not in a last page any more is gone from the ledger.
    to_seq = max(page.next_after_seq, copied_seq) if is_last else page.next_after_seq
    async with resources.pool.acquire() as conn, conn.transaction():
        if not await store.advance(conn, "feed", name, old=after_seq, new=page.next_after_seq):
            return False
        await store.plan_anew(conn)
        await store.copy_entries(conn, page.entries, after_seq=after_seq, to_seq=to_seq)
        if name == "full" and after_seq == 0:
            await store.reopen_hours(conn)
        elif name == "recent":
            last_ms = await store.last_hour_ms(conn)
            await store.add_hours(conn, hours_of(page.entries, after_seq=after_seq, last_ms=last_ms))
    return is_last


async def _judge_entries(resources: Resources, name: PassName) -> bool:
    """Compare what is behind entries that are new to the pass; whether none is left."""
    for _ in range(BATCHES_MAX):
        async with resources.pool.acquire() as conn, conn.transaction():
            judged_seq = (await store.read_pass(conn, name)).judged_seq
            posted = await store.posted_operations(conn, after_seq=judged_seq, limit=BATCH)
            if not posted:
                return True
            if await store.advance(conn, "judged", name, old=judged_seq, new=posted[-1].seq):
                await _judge(conn, posted, now_ms=resources.clock())
    return False


async def _judge(conn: Connection, posted: Sequence[PostedOperation], *, now_ms: int) -> None:
    plays = {(each.campaign_id, each.play_id): None for each in posted if each.play_id}
    rewards = {(each.campaign_id, each.reward_id): None for each in posted if each.reward_id}
    repairs = {(each.campaign_id, each.repair_id): None for each in posted if each.repair_id}
    theirs = {
        (each.campaign_id, each.operation_id): None
        for each in posted
        if each.play_id is None and each.reward_id is None and each.repair_id is None
    }
    await judge_plays(conn, [*plays], now_ms=now_ms)
    await judge_rewards(conn, [*rewards], now_ms=now_ms)
    await judge_repairs(conn, [*repairs], now_ms=now_ms)
    await judge_strangers(conn, [*theirs], now_ms=now_ms)


async def _compare(resources: Resources, name: PassName, what: Compared) -> bool:
    """Compare what has had its time, in the order of their ids; whether none is left."""
    before = uuid7(resources.clock() - GRACE_MS, bytes(10))
    for _ in range(BATCHES_MAX):
        async with resources.pool.acquire() as conn, conn.transaction():
            now = await store.read_pass(conn, name)
            after = now.after(what)
            keys = await store.between(conn, what, after=after, before=before, limit=BATCH)
            if not keys:
                return True
            if await store.advance(conn, what, name, old=after, new=keys[-1][1]):
                await _JUDGES[what](conn, keys, now_ms=resources.clock())
    return False


async def _look_again(resources: Resources) -> bool:
    """Compare what is in flight for too long, and whatever has an open break."""
    now_ms = resources.clock()
    for what, judge in _JUDGES.items():
        async with resources.pool.acquire() as conn, conn.transaction():
            late = await store.overdue(conn, what, before_ms=now_ms - GRACE_MS, limit=BATCH)
            await judge(conn, late, now_ms=now_ms)
        await _judge_broken(resources, what, now_ms=now_ms)
    await _judge_broken_strangers(resources, now_ms=now_ms)
    return True


async def _judge_broken(resources: Resources, what: Compared, *, now_ms: int) -> None:
    after = 0
    for _ in range(BATCHES_MAX):
        async with resources.pool.acquire() as conn, conn.transaction():
            broken = await store.broken(conn, what, after=after, limit=BATCH)
            await _JUDGES[what](conn, [*dict.fromkeys(key for _, key in broken)], now_ms=now_ms)
        if len(broken) < BATCH:
            return
        after = broken[-1][0]


async def _judge_broken_strangers(resources: Resources, *, now_ms: int) -> None:
    after = 0
    for _ in range(BATCHES_MAX):
        async with resources.pool.acquire() as conn, conn.transaction():
            strange = await store.broken_strangers(conn, after=after, limit=BATCH)
            await judge_strangers(conn, [key for _, key in strange], now_ms=now_ms)
        if len(strange) < BATCH:
            return
        after = strange[-1][0]
