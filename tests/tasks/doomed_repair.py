"""A process that repairs a day, and drives the repair on, and kills itself after so many statements.

    python -m tests.tasks.doomed_repair DATABASE_URL REDIS_URL STATEMENTS NOW_MS CAMPAIGN DAY

It ends by itself where it runs fewer. Its ledger is its own, and forgotten with it.
"""

import asyncio
import sys
from datetime import date

from game.auth import Caller, Role
from game.tasks.repairing import LEASE_MS, repair_day, sweep_repairs
from ledger_client.testing import FakeLedger, Fault
from tests.support.dying import die_after
from tests.support.service import ManualClock
from tests.support.settled import resources_of

ANN = Caller("acme", "ann", frozenset({Role.PLAYER}))


async def _main(database_url: str, redis_url: str, statements: int, now_ms: int, *what: str) -> None:
    clock = ManualClock(now_ms)
    ledger = FakeLedger(now_ms=clock)
    ledger.fund("player:acme.ann", 1_000)
    ledger.faults.append(Fault.LOSE_ANSWER)
    async with resources_of(database_url, redis_url, ledger=ledger, clock=clock) as resources:
        die_after(statements)
        campaign_id, day = what
        await repair_day(
            resources, ANN, campaign_id=campaign_id, streak_id="daily", day=date.fromisoformat(day), key="key"
        )
        clock.advance(LEASE_MS)
        await sweep_repairs(resources, 1)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), *sys.argv[5:]))
