"""The steps that count: they follow the logs, so that the hot path pays nothing for them.

Entries are committed one index after the other under the lock of the log's head: what stands below the size
is all there. What is counted and how far commit together, so a run may be cut off anywhere.
"""

from typing import Final

from game import telemetry
from game.db.connection import Connection
from game.fair.entries import CloseEntry, PoolEntry
from game.monitor import store
from game.monitor.drawn import draws_in
from game.monitor.raising import count, note
from game.monitor.rules import DOUBTS, Alarm, count_draws, count_untaken, entry_of
from game.monitor.store import Closed, Stretch
from game.resources import Resources
from game.worker import Step

ENTRIES: Final = 256
NEW_LOGS: Final = 100
# Of the chains of the seats that a run counts, together.
CHAIN_VALUES: Final = 8_192
SHARE: Final = 0.25


async def follow_draws(resources: Resources) -> int:
    """Count the next draws of one log; how many entries were looked at. After a failure others come first."""
    stretch = None
    async with resources.pool.acquire() as conn:
        await store.find_logs(conn, limit=NEW_LOGS)
        try:
            async with conn.transaction():
                stretch = await store.claim_log(conn, entries=ENTRIES)
                if stretch is None:
                    return 0
                raised = await _count_draws(conn, resources, stretch)
        except Exception:
            if stretch is not None:
                now_ms = resources.clock()
                await store.postpone_log(conn, campaign_id=stretch.campaign_id, now_ms=now_ms)
            raise
    note(stretch.campaign_id, raised)
    return stretch.until_index - stretch.next_index


async def _count_draws(conn: Connection, resources: Resources, stretch: Stretch) -> list[Alarm]:
    draws = await draws_in(conn, resources, stretch)
    pool_ids = {draw.pool_id for draw in draws}
    pools = await store.pool_entries(conn, campaign_id=stretch.campaign_id, pool_ids=pool_ids)
    picks, found = count_draws(pools, draws)
    await store.begin_closes(conn, stretch)
    await store.followed(conn, stretch, now_ms=resources.clock())
    return await count(
        conn,
        resources,
        picks,
        found,
        campaign_id=stretch.campaign_id,
        pools=pools,
        log_size=stretch.until_index,
    )


async def follow_closes(resources: Resources) -> int:
    """Count the draws that nobody took from some seats of one closed pool; 1: there may be more."""
    async with resources.pool.acquire() as conn, conn.transaction():
        closed = await store.claim_close(conn)
        if closed is None:
            return 0
        raised = await _count_untaken(conn, resources, closed)
    note(closed.campaign_id, raised)
    return 1


async def _count_untaken(conn: Connection, resources: Resources, closed: Closed) -> list[Alarm]:
    pool, close = entry_of(closed.entry, PoolEntry), entry_of(closed.close, CloseEntry)
    limit = max(1, CHAIN_VALUES // closed.seat_draws)
    seats = await store.left_seats(conn, closed, limit=limit)
    picks = count_untaken(pool, bytes.fromhex(close.secret), [seat for _, seat in seats])
    last = max([closed.seat_index, *(index for index, _ in seats)])
    await store.counted_close(conn, closed, seat_index=last, is_done=len(seats) < limit)
    return await count(
        conn,
        resources,
        picks,
        [],
        campaign_id=closed.campaign_id,
        pools={closed.pool_id: pool},
        log_size=close.i + 1,
    )


async def measure(resources: Resources) -> int:
    """Show the alerts that nobody has acknowledged, and how many entries are not counted yet."""
    async with resources.pool.acquire() as conn:
        alerts, behind = await store.measured(conn)
    for series in DOUBTS:
        telemetry.FIT_ALERTS.labels(series).set(alerts.get(series, 0))
    telemetry.FIT_BEHIND.set(behind)
    return 0


STEPS: Final = (
    Step(name="fit.follow", run=follow_draws, interval_ms=1_000, share=SHARE),
    Step(name="fit.close", run=follow_closes, interval_ms=5_000, share=SHARE),
    Step(name="fit.measure", run=measure, interval_ms=15_000),
)
