"""An erasure that kills its process after so many statements: `DATABASE_URL REDIS_URL STATEMENTS NOW_MS`."""

import asyncio
import sys

from game.erasure.service import finish_erasures
from ledger_client.testing import FakeLedger
from tests.support.dying import die_after
from tests.support.service import ManualClock
from tests.support.settled import resources_of


async def _main(database_url: str, redis_url: str, statements: int, now_ms: int) -> None:
    clock = ManualClock(now_ms)
    async with resources_of(
        database_url, redis_url, ledger=FakeLedger(now_ms=clock), clock=clock
    ) as resources:
        die_after(statements)
        assert await finish_erasures(resources) == 1


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
