"""The steps that count: they follow the logs, so that the hot path pays nothing for them.

Entries are committed one index after the other under the lock of the log's head: what stands below the size
is all there. What is counted and how far commit together, so a run may be cut off anywhere.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import structlog

from game import telemetry
from game.db.connection import Connection
from game.db.pool import OUTAGES
from game.fair.entries import CloseEntry, PoolEntry
from game.monitor import store
from game.monitor.drawn import draws_in
from game.monitor.raising import count, note
from game.monitor.rules import (
    DOUBTS,
    Alarm,
    Counted,
    LoggedDraw,
    count_draws,
    count_untaken,
    entry_of,
)
from game.monitor.store import Closed, Stretch
from game.resources import Resources
from game.worker import Step

# What a run looks at: so many logs at most, and so many of their entries together.
LOGS: Final = 64
ENTRIES: Final = 256
NEW_LOGS: Final = 100
# Of the chains of the seats that a run counts, together.
CHAIN_VALUES: Final = 8_192
SHARE: Final = 0.25
FOLLOWING: Final = "fit.follow"

log = structlog.get_logger()


async def follow_draws(resources: Resources) -> int:
    """Count the next draws of some logs; how many entries were looked at.

    When that fails, each of these logs is followed alone. After those that fail others come first.
    """
    async with resources.pool.acquire() as conn:
        await store.find_logs(conn, limit=NEW_LOGS)
        return await _follow(conn, resources, logs=LOGS)


async def _follow(conn: Connection, resources: Resources, *, logs: int) -> int:
    stretches: list[Stretch] = []
    try:
        async with conn.transaction():
            stretches = await store.claim_logs(conn, logs=logs, entries=ENTRIES)
            if not stretches:
                return 0
            raised = await _count_draws(conn, resources, stretches)
    except OUTAGES:
        raise
    except Exception as error:
        if len(stretches) > 1:
            return await _follow_alone(conn, resources, error, logs=len(stretches))
        for each in stretches:
            log.exception("fit.not_followed", campaign_id=each.campaign_id)
            await store.postpone_log(conn, campaign_id=each.campaign_id, now_ms=resources.clock())
        raise
    note(raised)
    return sum(each.until_index - each.next_index for each in stretches)


async def _follow_alone(conn: Connection, resources: Resources, error: Exception, *, logs: int) -> int:
    """Follow one log after the other; an error, where none could be followed."""
    looked_at = 0
    for _ in range(logs):
        try:
            looked_at += await _follow(conn, resources, logs=1)
        except OUTAGES:
            raise
        except Exception as its_own:
            telemetry.STEPS.labels(FOLLOWING, "failed").inc()
            error = its_own
    if not looked_at:
        raise error
    return looked_at


async def _count_draws(
    conn: Connection, resources: Resources, stretches: Sequence[Stretch]
) -> list[tuple[str, Alarm]]:
    draws = await draws_in(conn, resources, stretches)
    used = {(campaign_id, draw.pool_id) for campaign_id, theirs in draws.items() for draw in theirs}
    pools = await store.pool_entries(conn, used)
    await store.begin_closes(conn, stretches)
    await store.followed(conn, stretches, now_ms=resources.clock())
    return await count(conn, resources, [_counted(each, pools, draws) for each in stretches])


def _counted(
    stretch: Stretch,
    pools: Mapping[str, Mapping[str, PoolEntry]],
    draws: Mapping[str, Sequence[LoggedDraw]],
) -> Counted:
    theirs = pools.get(stretch.campaign_id, {})
    picks, found = count_draws(theirs, draws.get(stretch.campaign_id, ()))
    return Counted(
        campaign_id=stretch.campaign_id,
        log_size=stretch.until_index,
        pools=theirs,
        picks=picks,
        found=found,
    )


async def follow_closes(resources: Resources) -> int:
    """Count the draws that nobody took from some seats of one closed pool; 1: there may be more."""
    async with resources.pool.acquire() as conn, conn.transaction():
        closed = await store.claim_close(conn)
        if closed is None:
            return 0
        raised = await _count_untaken(conn, resources, closed)
    note(raised)
    return 1


async def _count_untaken(conn: Connection, resources: Resources, closed: Closed) -> list[tuple[str, Alarm]]:
    pool, close = entry_of(closed.entry, PoolEntry), entry_of(closed.close, CloseEntry)
    limit = max(1, CHAIN_VALUES // closed.seat_draws)
    seats = await store.left_seats(conn, closed, limit=limit)
    picks = count_untaken(pool, bytes.fromhex(close.secret), [seat for _, seat in seats])
    last = max([closed.seat_index, *(index for index, _ in seats)])
    await store.counted_close(conn, closed, seat_index=last, is_done=len(seats) < limit)
    counted = Counted(
        campaign_id=closed.campaign_id,
        log_size=close.i + 1,
        pools={closed.pool_id: pool},
        picks=picks,
        found=(),
    )
    return await count(conn, resources, [counted])


async def measure(resources: Resources) -> int:
    """Show the alerts that nobody has acknowledged, and how many entries are not counted yet."""
    async with resources.pool.acquire() as conn:
        alerts, behind = await store.measured(conn)
    for series in DOUBTS:
        telemetry.FIT_ALERTS.labels(series).set(alerts.get(series, 0))
    telemetry.FIT_BEHIND.set(behind)
    return 0


STEPS: Final = (
    Step(name=FOLLOWING, run=follow_draws, interval_ms=1_000, share=SHARE),
    Step(name="fit.close", run=follow_closes, interval_ms=5_000, share=SHARE),
    Step(name="fit.measure", run=measure, interval_ms=15_000),
)
