"""The sweeper: takes up plays that nobody drives any more, after a crash, an outage or a late beacon.

Every process runs one; rows are claimed with SKIP LOCKED and put off, so that two never drive the same play,
and if they did, nothing would happen twice.
"""

import asyncio

from game.plays import store
from game.plays.clerk import Advanced, WantBeacon
from game.plays.engine import Engine

CLAIM_MAX = 64
# Longer than one attempt takes: the ledger's deadline, a release or a settle.
LEASE_MS = 10_000


async def sweep(engine: Engine) -> int:
    """Drive on the plays whose turn has come; how many of them came to their end."""
    now_ms = engine.resources.clock()
    async with engine.resources.pool.acquire() as conn:
        plays = await store.claim_unfinished(conn, now_ms=now_ms, until_ms=now_ms + LEASE_MS, limit=CLAIM_MAX)
    driven = await asyncio.gather(*(engine.drive(play) for play in plays), return_exceptions=True)
    return sum(outcome.play.is_finished for outcome in driven if isinstance(outcome, Advanced))


async def log_beacon(engine: Engine, campaign_id: str, round_: int, signature: bytes) -> None:
    """Write a beacon value into a log, and drive on the plays whose seats waited for it."""
    async with engine.resources.pool.acquire() as conn:
        pool_ids = await store.pools_of_round(conn, campaign_id, round_)
    if pool_ids:
        await engine.beacon(campaign_id, WantBeacon(round=round_, signature=signature, pool_ids=pool_ids))
