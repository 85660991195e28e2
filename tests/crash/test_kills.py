"""The service dies at each stage of a play, and the play ends the same."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import pytest

from game.tour.stage import Place
from tests.crash.accounts import assert_all_agree
from tests.crash.bets import Bet, People, end_all, places_of, six_bets
from tests.crash.locks import locked_logs, settles_wait
from tests.crash.site import Site, until, workers_of
from tests.crash.wire import Hold

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest.mark.parametrize("stage", ["accepted", "drawn", "settling"])
async def test_killed_before_the_outcome_is_committed(site: Site, people: People, stage: str) -> None:
    """Right after the accept's commit, or with the settle's transaction all but committed."""
    bets = await _killed_inside(site, people, stage)
    await site.start_service()
    await assert_all_agree(people, places_of(bets), await end_all(bets))


@pytest.mark.parametrize("stage", ["settled", "answering"])
async def test_killed_before_the_outcome_is_told(site: Site, people: People, stage: str) -> None:
    """The outcome is committed and its credits may be unsent: half a minute later they are."""
    bets = await _killed_inside(site, people, stage)
    await site.start_later()
    await assert_all_agree(people, places_of(bets), await end_all(bets))


async def test_killed_while_debits_are_on_their_way(site: Site, people: People) -> None:
    """Of the debits that were sent, the wheel's arrive after the service's death and the cards' never do."""
    await site.start_service()
    bets = await six_bets(people)
    site.wire.hold(Hold.REQUESTS)
    sent = asyncio.create_task(_all_sent(bets))
    await site.wire.wait_for(4)
    await site.service.end(signal.SIGKILL)
    site.wire.release(arrives=is_play_of(bets[0].seated.place))
    assert (await sent)[:2] == [None, None]
    await site.start_later()
    await assert_all_agree(people, places_of(bets), await end_all(bets))


async def test_killed_after_debits_were_applied(site: Site, people: People) -> None:
    """The players are charged, and the service dies before it hears of it."""
    await site.start_service()
    bets = await six_bets(people)
    site.wire.hold(Hold.ANSWERS)
    sent = asyncio.create_task(_all_sent(bets))
    await site.wire.wait_for(4)
    await site.service.end(signal.SIGKILL)
    site.wire.release()
    assert (await sent)[4:] == [None, None]
    await site.start_later()
    await assert_all_agree(people, places_of(bets), await end_all(bets))


async def test_killed_and_away_for_too_long(site: Site, people: People) -> None:
    """Debits that can no longer be applied end as "not charged", those that were applied as settled plays."""
    await site.start_service()
    bets = await six_bets(people)
    site.wire.hold(Hold.REQUESTS)
    sent = asyncio.create_task(_all_sent(bets))
    await site.wire.wait_for(4)
    await site.service.end(signal.SIGKILL)
    site.wire.release(arrives=is_play_of(bets[0].seated.place))
    await sent
    await site.start_later(ms=2 * site.settings.operation_ttl_ms)
    made = await end_all(bets)
    assert [play.view.state for play in made] == ["settled"] * 4 + ["cancelled"] * 2
    await assert_all_agree(people, places_of(bets), made)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's list of child processes")
async def test_one_of_two_processes_is_killed(site: Site, people: People) -> None:
    """The other one takes its plays up, and the service gets a second process again."""
    await site.start_service(workers=2)
    bets = await six_bets(people)
    database_url = site.settings.database_url
    async with locked_logs(database_url, places_of(bets)):
        sent = asyncio.create_task(_all_sent(bets))
        await settles_wait(database_url, places_of(bets), plays=len(bets), transactions=2)
        killed, other = workers_of(site.service.pid)
        os.kill(killed, signal.SIGKILL)
    await sent
    made = await end_all(bets)
    await until(lambda: len(workers_of(site.service.pid)) == 2, "a second process", seconds=20.0)
    assert other in workers_of(site.service.pid)
    await site.restart_later()
    await assert_all_agree(people, places_of(bets), made)


def is_play_of(place: Place) -> Callable[[dict[str, Any]], bool]:
    """Tells the debits of a campaign's plays."""
    return lambda operation: operation["id"].startswith(f"play:{place.campaign_id}-")


async def _killed_inside(site: Site, people: People, stage: str) -> list[Bet]:
    await site.start_doomed(stage, plays=6)
    bets = await six_bets(people)
    assert await _all_sent(bets) == [None] * len(bets)
    assert await site.service.ended() == -signal.SIGKILL
    return bets


async def _all_sent(bets: list[Bet]) -> list[Any]:
    return await asyncio.gather(*(bet.send() for bet in bets))
