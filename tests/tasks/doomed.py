"""A process that processes one batch of events and kills itself once it has run so many statements.

    python -m tests.tasks.doomed DATABASE_URL REDIS_URL STATEMENTS NOW_MS

It ends by itself where it runs fewer. Its ledger does not answer.
"""

import asyncio
import sys

from game.tasks.processing import process_events
from ledger_client.testing import FakeLedger
from tests.support.dying import die_after
from tests.support.service import ManualClock
from tests.support.settled import resources_of


async def _main(database_url: str, redis_url: str, statements: int, now_ms: int) -> None:
    clock = ManualClock(now_ms)
    ledger = FakeLedger(now_ms=clock)
    ledger.reachable = False
    async with resources_of(database_url, redis_url, ledger=ledger, clock=clock) as resources:
        die_after(statements)
        await process_events(resources)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
