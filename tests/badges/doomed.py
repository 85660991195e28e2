"""A process that does one trade of a player's badges and kills itself once it has run so many statements.

    python -m tests.badges.doomed DATABASE_URL REDIS_URL STATEMENTS NOW_MS SUBJECT CAMPAIGN_ID KEY TRADE

The trade, in the set `spring`, is the JSON of a request. It ends by itself where it runs fewer statements.
Its ledger does not answer.
"""

import asyncio
import sys
from dataclasses import replace

import msgspec

from game.badges.rules import Trade
from game.badges.service import Asked, trade
from game.resources import system_entropy
from ledger_client.testing import FakeLedger
from tests.support.dying import die_after
from tests.support.service import ManualClock
from tests.support.settled import resources_of
from tests.support.stage import player


async def _main(
    database_url: str, redis_url: str, statements: int, now_ms: int, subject: str, *what: str
) -> None:
    clock = ManualClock(now_ms)
    ledger = FakeLedger(now_ms=clock)
    ledger.reachable = False
    campaign_id, key, body = what
    wanted = msgspec.json.decode(body, type=Trade)
    asked = Asked(campaign_id=campaign_id, set_id="spring", key=key, trade=wanted)
    async with resources_of(database_url, redis_url, ledger=ledger, clock=clock) as resources:
        die_after(statements)
        # Ids of its own: processes do not share random bytes.
        await trade(replace(resources, entropy=system_entropy), player(subject), asked)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), *sys.argv[5:]))
