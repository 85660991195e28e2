"""The sweeper: takes up plays that nobody drives any more, after a crash, an outage or a late beacon.

Every process runs one; rows are claimed with SKIP LOCKED and put off, so that two never drive the same play,
and if they did, nothing would happen twice.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from game.ledger.reissue import reissue_refused
from game.ledger.service import CLAIM_LIMIT, resend_due
from game.plays import store
from game.plays.engine import Engine
from game.plays.rules import UNCHARGED, Play
from game.plays.wants import Advanced, WantBeacon
from game.prizes.returning import return_points
from game.resources import Resources

CLAIM_MAX: Final = 64
# Longer than one attempt takes: the ledger's deadline, a release or a settle.
LEASE_MS: Final = 10_000
# What an outage has left uses up to this much of the time of one call to the ledger per process.
DRAIN_SHARE: Final = 0.5
PROBE_SIZE: Final = 8


def drain_size(decided: int) -> int:
    """How much the next batch may be after one of which so much was decided; after none it is a probe."""
    return min(max(PROBE_SIZE, 2 * decided), CLAIM_LIMIT)


class Drain:
    """Works off what an outage has left: plays in doubt first, then repairs of streaks, then credits.

    Credits to be issued anew come after those, and points that are taken back last. `repairs` takes a limit
    and answers how many it has decided.
    One batch at a time: a small one at first, and larger ones as long as they are decided.
    """

    def __init__(self, engine: Engine, *, repairs: Callable[[Resources, int], Awaitable[int]]) -> None:
        self._engine = engine
        self._repairs = repairs
        self._size = PROBE_SIZE

    async def __call__(self, resources: Resources) -> int:
        """Work off one batch; how many of it were decided."""
        decided = (
            await sweep(self._engine, limit=min(self._size, CLAIM_MAX))
            or await self._repairs(resources, self._size)
            or await resend_due(resources, limit=self._size)
            or await reissue_refused(resources, limit=self._size)
            or await return_points(resources, limit=self._size)
        )
        self._size = drain_size(decided if resources.ledger.available() else 0)
        return decided


async def sweep(engine: Engine, *, limit: int = CLAIM_MAX) -> int:
    """Drive on the plays whose turn has come; how many of them were charged or came to their end.

    While the ledger is away those that wait for it are left alone: they would keep the others from theirs.
    """
    now_ms = engine.resources.clock()
    async with engine.resources.pool.acquire() as conn:
        plays = await store.claim_unfinished(
            conn,
            now_ms=now_ms,
            until_ms=now_ms + LEASE_MS,
            limit=limit,
            with_uncharged=engine.resources.ledger.available(),
        )
        # Read together, the debits are sent together: in one call, beside which there is room for others.
        debits = await store.debits_of(conn, plays) if plays else {}
    driven = await asyncio.gather(
        *(engine.drive(play, debits.get(play.play_id)) for play in plays), return_exceptions=True
    )
    return sum(
        isinstance(after, Advanced) and _has_come_on(before, after.play)
        for before, after in zip(plays, driven, strict=True)
    )


def _has_come_on(before: Play, after: Play) -> bool:
    return after.is_finished or (before.state in UNCHARGED and after.state not in UNCHARGED)


async def log_beacon(engine: Engine, campaign_id: str, round_: int, signature: bytes) -> None:
    """Write a beacon value into a log, and drive on the plays whose seats waited for it."""
    async with engine.resources.pool.acquire() as conn:
        pool_ids = await store.pools_of_round(conn, campaign_id, round_)
    if pool_ids:
        await engine.beacon(campaign_id, WantBeacon(round=round_, signature=signature, pool_ids=pool_ids))
