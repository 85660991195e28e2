"""A process that processes one batch of events and kills itself once it has run so many statements.

    python -m tests.tasks.doomed DATABASE_URL REDIS_URL STATEMENTS NOW_MS

It ends by itself where it runs fewer. Its ledger does not answer.
"""

import asyncio
import os
import signal
import sys
from typing import Any

import asyncpg

from game.tasks.processing import process_events
from ledger_client.testing import FakeLedger
from tests.support.service import ManualClock
from tests.support.settled import resources_of


def _count_down(name: str, left: list[int]) -> None:
    """Have a method of connections kill the process once there is nothing left."""
    original = getattr(asyncpg.Connection, name)

    async def counted(self: Any, *arguments: Any, **options: Any) -> Any:
        answer = await original(self, *arguments, **options)
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(asyncpg.Connection, name, counted)


async def _main(database_url: str, redis_url: str, statements: int, now_ms: int) -> None:
    clock = ManualClock(now_ms)
    ledger = FakeLedger(now_ms=clock)
    ledger.reachable = False
    async with resources_of(database_url, redis_url, ledger=ledger, clock=clock) as resources:
        left = [statements]
        for name in ("execute", "_execute"):
            _count_down(name, left)
        await process_events(resources)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
