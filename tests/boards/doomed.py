"""A process that does one step of boards and kills itself once it has run so many statements.

    python -m tests.boards.doomed DATABASE_URL REDIS_URL STATEMENTS NOW_MS STEP

It ends by itself where it runs fewer. Its ledger does not answer.
"""

import asyncio
import sys

from game.boards.folding import fold_scores
from game.boards.freezing import freeze_seasons
from game.boards.mending import mend_boards
from game.boards.rewarding import reward_seasons
from game.scores.following import follow_logs
from ledger_client.testing import FakeLedger
from tests.support.dying import die_after
from tests.support.service import ManualClock
from tests.support.settled import resources_of

STEPS = {
    "fold": fold_scores,
    "follow": follow_logs,
    "freeze": freeze_seasons,
    "mend": mend_boards,
    "reward": reward_seasons,
}


async def _main(database_url: str, redis_url: str, statements: int, now_ms: int, step: str) -> None:
    clock = ManualClock(now_ms)
    ledger = FakeLedger(now_ms=clock)
    ledger.reachable = False
    async with resources_of(database_url, redis_url, ledger=ledger, clock=clock) as resources:
        die_after(statements)
        await STEPS[step](resources)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]))
