"""A process that does one thing with a gift and kills itself once it has run so many statements.

    python -m tests.gifts.doomed DATABASE_URL REDIS_URL STATEMENTS NOW_MS CAMPAIGN_ID SUBJECT DEED WHAT

The deed is `give` (what: a key), `badge` (a key), `redeem` (a code), `cancel` (a gift) or `expire`. It ends
by itself where it runs fewer statements.
"""

import asyncio
import sys
from dataclasses import replace
from uuid import UUID

from game.gifts.giving import Asked, give
from game.gifts.redeeming import redeem
from game.gifts.returning import expire_gifts
from game.gifts.rules import Give, GiveBadge, GiveChances
from game.gifts.service import cancel
from game.resources import Resources, system_entropy
from ledger_client.testing import FakeLedger
from tests.support.dying import die_after
from tests.support.service import ManualClock
from tests.support.settled import resources_of
from tests.support.stage import player

GIVES: dict[str, Give] = {"give": GiveChances(amount=3), "badge": GiveBadge(badge="tiger")}


async def _do(resources: Resources, campaign_id: str, subject: str, deed: str, what: str) -> None:
    caller = player(subject)
    match deed:
        case "redeem":
            await redeem(resources, caller, campaign_id=campaign_id, code=what)
        case "cancel":
            await cancel(resources, caller, campaign_id=campaign_id, gift_id=UUID(what))
        case "expire":
            await expire_gifts(resources)
        case _:
            await give(resources, caller, Asked(campaign_id=campaign_id, key=what, give=GIVES[deed]))


async def _main(database_url: str, redis_url: str, statements: int, now_ms: int, *deed: str) -> None:
    clock = ManualClock(now_ms)
    async with resources_of(
        database_url, redis_url, ledger=FakeLedger(now_ms=clock), clock=clock
    ) as resources:
        die_after(statements)
        # Ids and codes of its own: processes do not share random bytes.
        await _do(replace(resources, entropy=system_entropy), *deed)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), *sys.argv[5:]))
