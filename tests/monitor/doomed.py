"""A process that does one step of the monitor and kills itself once it has run so many statements.

    python -m tests.monitor.doomed DATABASE_URL REDIS_URL STATEMENTS NOW_MS STEP

It ends by itself where it runs fewer.
"""

import asyncio
import sys

from game.monitor.following import follow_closes, follow_draws
from ledger_client.testing import FakeLedger
from tests.support.dying import die_after
from tests.support.service import ManualClock
from tests.support.settled import resources_of

STEPS = {"follow": follow_draws, "close": follow_closes}


async def _main(database_url: str, redis_url: str, statements: int, now_ms: int, step: str) -> None:
    clock = ManualClock(now_ms)
    ledger = FakeLedger(now_ms=clock)
    async with resources_of(database_url, redis_url, ledger=ledger, clock=clock) as resources:
        die_after(statements)
        await STEPS[step](resources)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]))
