"""What the service stands on dies under it, and every play ends as it should."""

import asyncio
import signal
from typing import Any

import pytest

from tests.crash.accounts import assert_all_agree
from tests.crash.bets import Bet, People, end_all, places_of, six_bets
from tests.crash.locks import locked_logs, settles_wait
from tests.crash.site import Site, until
from tests.crash.wire import Hold

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_the_ledger_dies_between_a_debit_and_its_answer(site: Site, people: People) -> None:
    """The same debits are sent again to the ledger that came back, which applies none of them twice."""
    await site.start_service()
    bets = await six_bets(people)
    site.wire.hold(Hold.ANSWERS)
    sent = asyncio.create_task(_all_sent(bets))
    await site.wire.wait_for(4)
    await site.ledger.end(signal.SIGKILL)
    site.wire.lose_answers()
    await site.start_ledger()
    await sent
    made = await end_all(bets)
    await site.restart_later()
    await assert_all_agree(people, places_of(bets), made)


async def test_postgres_stops_at_once_inside_of_a_batch(site: Site, people: People) -> None:
    """The batch is rolled back, the service finds the server that came back, and the batch is made again."""
    await site.start_service()
    bets = await six_bets(people)
    database_url = site.settings.database_url
    async with locked_logs(database_url, places_of(bets)):
        sent = asyncio.create_task(_all_sent(bets))
        await settles_wait(database_url, places_of(bets), plays=len(bets), transactions=2)
        site.postgres.end(signal.SIGQUIT)
    site.postgres.start()
    await sent
    made = await end_all(bets)
    await site.restart_later()
    await assert_all_agree(people, places_of(bets), made)


async def test_the_service_starts_while_postgres_is_away(site: Site, people: People) -> None:
    """Its processes wait for the server instead of giving up, which would end those beside them."""
    site.postgres.end(signal.SIGQUIT)
    starting = asyncio.create_task(site.start_service(workers=2))
    await until(lambda: site.service.says().count("service.waits_to_start") >= 2, "both wait", seconds=20.0)
    site.postgres.start()
    await starting
    bets = await six_bets(people)
    assert [answer.status for answer in await _all_sent(bets)] == [201] * len(bets)
    made = await end_all(bets)
    await site.restart_later()
    await assert_all_agree(people, places_of(bets), made)


async def test_redis_is_away(site: Site, people: People) -> None:
    """Nothing that counts is in Redis: plays are made without it, and after it."""
    await site.start_service()
    bets = await six_bets(people)
    site.redis.end(signal.SIGKILL)
    assert [answer.status for answer in await _all_sent(bets)] == [201] * len(bets)
    site.redis.start()
    made = await end_all(bets)
    await site.restart_later()
    await assert_all_agree(people, places_of(bets), made)


async def test_everything_is_killed_at_once(site: Site, people: People) -> None:
    """Service, ledger, Redis and PostgreSQL end by SIGKILL with plays in flight, and start on their data."""
    await site.start_service()
    bets = await six_bets(people)
    site.wire.hold(Hold.ANSWERS)
    sent = asyncio.create_task(_all_sent(bets))
    await site.wire.wait_for(4)
    for process in (site.service, site.ledger):
        await process.end(signal.SIGKILL)
    for server in (site.redis, site.postgres):
        server.end(signal.SIGKILL)
    site.wire.lose_answers()
    await sent
    for server in (site.redis, site.postgres):
        server.start()
    await site.start_ledger()
    await site.start_later()
    await assert_all_agree(people, places_of(bets), await end_all(bets))


async def _all_sent(bets: list[Bet]) -> list[Any]:
    return await asyncio.gather(*(bet.send() for bet in bets))
