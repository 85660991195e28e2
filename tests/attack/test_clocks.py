"""Two processes whose clocks differ: the log holds, and no limit is got round."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from game.errors import Exhausted
from game.plays.engine import Engine
from game.plays.sweep import log_beacon
from tests.support.auditing import rows_of
from tests.support.pools import BEACON, wheel
from tests.support.service import ManualClock
from tests.support.stage import Stage, engine_of, signature_of

SKEW_MS = 20_000


def behind(stage: Stage) -> Engine:
    """The engine of a process whose clock is behind."""
    return engine_of(replace(stage.resources, clock=lambda: stage.clock() - SKEW_MS))


@pytest.mark.asyncio
async def test_a_slow_clock_draws_nothing_before_the_pool_opens(backstage: Stage) -> None:
    """A play was accepted when the pool had opened; the value is logged where it has not opened yet."""
    opens_ms = backstage.clock() + 60_000
    campaign_id = await backstage.launch(wheel(beacon=BEACON), opens_ms=opens_ms)
    engine, slow = engine_of(backstage.resources), behind(backstage)
    backstage.fund("ann", 100)
    backstage.clock.now_ms = opens_ms - SKEW_MS
    await backstage.sit(engine, campaign_id, "ann", "wheel")
    backstage.clock.now_ms = opens_ms
    await backstage.play(engine, campaign_id, "ann", "wheel", key="key")
    (seat,) = await rows_of(backstage.resources, "SELECT round FROM seat")
    await log_beacon(slow, campaign_id, seat["round"], signature_of(seat["round"]))
    (play,) = await rows_of(backstage.resources, "SELECT state FROM play")
    assert play == {"state": "settled"}


@pytest.mark.asyncio
async def test_a_day_does_not_come_back(backstage: Stage) -> None:
    """At midnight a player alternates between two processes, of which one is still in the day before."""
    campaign_id = await backstage.launch(wheel(), limits={"per_day": 1})
    engine, slow = engine_of(backstage.resources), behind(backstage)
    backstage.fund("ann", 100)
    midnight_ms = backstage.clock() - (backstage.clock() + 8 * 3_600_000) % 86_400_000 + 86_400_000
    backstage.clock.now_ms = midnight_ms + 1_000
    await backstage.sit(engine, campaign_id, "ann", "wheel")
    codes = []
    for number, each in enumerate([engine, slow] * 3):
        try:
            await backstage.play(each, campaign_id, "ann", "wheel", key=f"key {number}")
        except Exhausted as refusal:
            codes.append(refusal.code)
    assert codes == ["limit_per_day"] * 5


@pytest.mark.asyncio
async def test_a_clock_that_is_set_back_orders_no_log(backstage: Stage) -> None:
    """It is set back while several pools are launched."""
    clock = backstage.clock
    backstage.resources = replace(backstage.resources, clock=stepping_back(clock))
    await backstage.launch(wheel("one"), wheel("two"), wheel("three"))


def stepping_back(clock: ManualClock) -> Callable[[], int]:
    """A clock that is a second earlier each time it is asked."""

    def read() -> int:
        clock.advance(-1_000)
        return clock()

    return read
