"""The ledger takes calls and answers none: nothing is lost, little is sent twice, all is drained after."""

import asyncio
import os
import time
from typing import Final

import pytest

from tests.crash.bets import People
from tests.crash.site import Site
from tests.invariants.check import assert_hold
from tests.outages.hole import Hole
from tests.outages.load import NEEDS_A_SEAT, Load, players_of
from tests.outages.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="package")

# Shorter for whoever works on this: BLACK_HOLE_MINUTES=0.5 make test-slow ARGS=tests/outages
MINUTES: Final = float(os.environ.get("BLACK_HOLE_MINUTES", "5"))
PLAYERS: Final = 10
LEAD_SECONDS: Final = 2.0
OPENS_SECONDS: Final = 2.0
DRAINED_SECONDS: Final = 300.0
AMPLIFICATION_MAX: Final = 1.1
IN_FLIGHT: Final = """
SELECT (SELECT count(*) FROM play WHERE finished_ms IS NULL)
     + (SELECT count(*) FROM operation WHERE state = 'due')
"""
OWED: Final = "SELECT count(*) FROM operation WHERE kind = 'credit' AND state = 'due'"
SHORT_SECONDS: Final = 5.0
# What is under way when the ledger falls silent goes out up to so many times before it is answered.
SENDS_OF_LOST_MAX: Final = 4


async def test_seconds_of_silence(site: Site, people: People, hole: Hole) -> None:
    """Everything but payments goes on; what was under way is sent a few times, and ends as it should."""
    await site.start_service()
    load, _ = await _play_through(people, hole, seconds=SHORT_SECONDS)
    await site.restart_later()
    await _drained(people)
    await _assert_nothing_is_lost(people, load)
    assert hole.sends.total() - len(hole.sends) <= (SENDS_OF_LOST_MAX - 1) * len(hole.lost)


@pytest.mark.slow
async def test_minutes_of_silence(site: Site, people: People, hole: Hole) -> None:
    """The breaker opens in time, operations are sent 1.1 times on average, all is drained in time."""
    await site.start_service()
    load, opened_seconds = await _play_through(people, hole, seconds=60 * MINUTES)
    drained_seconds = await _drained(people)
    await _assert_nothing_is_lost(people, load)
    print(
        f"\nopened after {opened_seconds:.2f} s; {hole.sends.total()} sends of {len(hole.sends)} operations"
        f" ({hole.amplification:.3f}); {len(hole.lost_at)} calls lost; drained after {drained_seconds:.1f} s"
    )
    assert opened_seconds <= OPENS_SECONDS
    assert hole.amplification <= AMPLIFICATION_MAX
    assert drained_seconds <= DRAINED_SECONDS


async def _play_through(people: People, hole: Hole, *, seconds: float) -> tuple[Load, float]:
    """Play before, in and after a silence; how many seconds it took to be found out."""
    load = Load(people)
    async with load.going_on(await players_of(people, count=PLAYERS)):
        await asyncio.sleep(LEAD_SECONDS)
        hole.fall_silent()
        opened_seconds = await _opened(people, hole)
        load.count_anew()
        await asyncio.sleep(seconds)
        await _assert_only_payments_stop(people, load)
        hole.heal()
        load.count_anew()
        await until(load.has_paid, seconds=DRAINED_SECONDS)
    return load, opened_seconds


async def _opened(people: People, hole: Hole) -> float:
    """Wait until it is known that the ledger is away; how many seconds after the first lost call's start."""

    async def is_known() -> bool:
        return b'"ledger":"down"' in (await people.anybody.get("/health/ready")).body

    await until(is_known, seconds=DRAINED_SECONDS)
    return time.monotonic() - hole.lost_at[0]


async def _assert_only_payments_stop(people: People, load: Load) -> None:
    """Who would pay is refused with nothing stored; free plays settle, their prizes are granted or owed."""
    paid, free = load.answers("points"), load.answers("chance")
    assert paid["ledger_unavailable"] > 0
    assert paid["settled"] == 0
    assert set(free) <= {"settled", *NEEDS_A_SEAT}
    assert min(load.won[prize] for prize in ("tea", "points-5", "thanks")) > 0
    assert await people.resources.pool.fetchval(OWED) >= load.won["points-5"]
    assert await load.refused_and_stored() == 0


async def _drained(people: People) -> float:
    """Wait until nothing is in flight any more; how many seconds it took."""

    async def is_drained() -> bool:
        return not await people.resources.pool.fetchval(IN_FLIGHT)

    return await until(is_drained, seconds=DRAINED_SECONDS)


async def _assert_nothing_is_lost(people: People, load: Load) -> None:
    await load.learn_the_rest()
    assert await load.refused_and_stored() == 0
    await assert_hold(
        people.resources.pool, people.resources.ledger, campaign_ids=load.campaign_ids, told=load.heard
    )
