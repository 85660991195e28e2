"""Processes are killed after a statement, whatever they do with a gift: it is done wholly, or not at all."""

import signal

import pytest

from game.gifts.returning import EXPIRE_MS, expire_gifts
from game.gifts.rules import DAY_MS
from tests.gifts.party import Party
from tests.support.dying import ending_of
from tests.support.rewarding import count

pytestmark = [pytest.mark.asyncio, pytest.mark.slow]

STATEMENTS_MAX = 40
FIRST = 2


class Deaths:
    """Processes that die one after another, each a statement or two later than the one before."""

    def __init__(self, party: Party, *urls: str) -> None:
        self.party = party
        self.urls = urls

    async def die(self, subject: str, deed: str, what: str = "") -> None:
        """Do it until a process lives to its end; somebody looks whether all adds up after each."""
        endings = []
        for statements in range(FIRST, STATEMENTS_MAX, 2):
            endings.append(await self._end(subject, deed, what, statements))
            await self.party.stage.audit(in_flight_allowed=False)
            if endings[-1] == 0:
                break
            # What a process has claimed is another's after a while.
            self.party.stage.clock.advance(EXPIRE_MS)
        assert endings == [*[-signal.SIGKILL] * (len(endings) - 1), 0]
        assert len(endings) > 2

    async def _end(self, subject: str, deed: str, what: str, statements: int) -> int:
        now_ms = self.party.stage.clock()
        return await ending_of(
            "tests.gifts.doomed", *self.urls, str(statements), str(now_ms), self.party.campaign_id, subject,
            deed, what,
        )  # fmt: skip


@pytest.fixture
def deaths(party: Party, database_url: str, redis_url: str) -> Deaths:
    """Whoever dies."""
    return Deaths(party, database_url, redis_url)


async def test_killed_while_giving(deaths: Deaths) -> None:
    """However many have died, one gift is made of each key."""
    party = deaths.party
    await party.collect()
    for nth in range(2):
        await party.reward("ann", f"task:a:{nth}", 1, "badge")
    await party.stage.grant(party.campaign_id, "ann", 5)
    await deaths.die("ann", "give", "chances")
    await deaths.die("ann", "badge", "badge")
    assert (await party.units("ann"), await count(party.resources, "gift")) == (2, 2)


async def test_killed_while_redeeming(deaths: Deaths) -> None:
    """It arrives once."""
    party = deaths.party
    await party.stage.grant(party.campaign_id, "ann", 3)
    await party.stage.grant(party.campaign_id, "ann", 3)
    _, code = await party.given("ann", 5)
    await deaths.die("bob", "redeem", code)
    assert (await party.units("ann"), await party.units("bob")) == (1, 5)


async def test_killed_while_cancelling(deaths: Deaths) -> None:
    """It is back once."""
    party = deaths.party
    await party.stage.grant(party.campaign_id, "ann", 5)
    gift_id, _ = await party.given("ann", 5)
    await deaths.die("ann", "cancel", gift_id)
    assert await party.units("ann") == 5


async def test_killed_while_expiring(deaths: Deaths) -> None:
    """All are back once, and nothing is left for the next step."""
    party = deaths.party
    await party.stage.grant(party.campaign_id, "ann", 5, lasts_ms=9 * DAY_MS)
    for _ in range(3):
        await party.given("ann", days=1)
    party.stage.clock.advance(DAY_MS)
    await deaths.die("nobody", "expire")
    assert (await party.units("ann"), await expire_gifts(party.resources)) == (5, 0)
