"""Redis loses all that it has while there are plays: they go on, and the limits start anew."""

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from game.tour.client import Client
from tests.crash.bets import People
from tests.crash.site import Site
from tests.invariants.check import assert_hold
from tests.outages.load import NEEDS_A_SEAT, Load, players_of
from tests.outages.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="package")

PLAYERS = 4
PER_SECOND = 5
# What a caller may do at once, after it has not called for a while.
BURST = PER_SECOND * 5
REQUESTS_MAX = 1_000
LEAD_SECONDS = 1.5
COUNTS_AGAIN_SECONDS = 30.0


@pytest_asyncio.fixture(loop_scope="package")
async def limited(site: Site) -> AsyncIterator[Site]:
    """A service that lets everybody call five times a second."""
    before = dict(site.environment)
    site.environment["PLAYFAIR_REQUESTS_PER_PLAYER"] = str(PER_SECOND)
    await site.start_service()
    yield site
    site.environment.clear()
    site.environment.update(before)


async def calls_until_refused(client: Client) -> int:
    """How many calls in a row are let through, at most REQUESTS_MAX."""
    for number in range(REQUESTS_MAX):
        if (await client.get("/v1/campaigns?brand=demo")).status == 429:
            return number
    return REQUESTS_MAX


@pytest.mark.parametrize("loss", ["flush", "kill"])
async def test_redis_loses_all_while_there_are_plays(limited: Site, people: People, loss: str) -> None:
    """No play is refused or lost, and a caller that had used up its limit may call again."""
    load, eager = Load(people), (await people.guest(f"eager-{loss}")).client
    async with load.going_on(await players_of(people, count=PLAYERS)):
        await asyncio.sleep(LEAD_SECONDS)
        assert BURST <= await calls_until_refused(eager) < REQUESTS_MAX
        assert await calls_until_refused(eager) < BURST
        await _lose(limited, people, loss)
        assert await calls_until_refused(eager) >= BURST
        await asyncio.sleep(LEAD_SECONDS)
        await until(lambda: _is_refused(eager), seconds=COUNTS_AGAIN_SECONDS)
    await load.learn_the_rest()
    assert set(load.answers("points") + load.answers("chance")) <= {"settled", *NEEDS_A_SEAT}
    assert load.answers("points")["settled"] > 0
    await assert_hold(
        people.resources.pool, people.resources.ledger, campaign_ids=load.campaign_ids, told=load.heard
    )


async def _lose(site: Site, people: People, loss: str) -> None:
    """Empty Redis, or kill it and start it without its files."""
    if loss == "flush":
        await people.resources.redis.flushall()
        return
    site.redis.end(signal.SIGKILL)
    await asyncio.sleep(LEAD_SECONDS)
    shutil.rmtree(site.folder / "redis")
    (site.folder / "redis").mkdir()
    site.redis.start()


async def _is_refused(client: Client) -> bool:
    return await calls_until_refused(client) < REQUESTS_MAX
