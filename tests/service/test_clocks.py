"""Whether a process notices that its clock is not that of the others."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from litestar import Litestar

from game.app import build_app
from game.clocks import Watch, apart_ms
from game.resources import Resources, system_clock
from game.worker import Step
from ledger_client.testing import FakeLedger
from tests.support.app import client_of, running, settings_for
from tests.support.service import ManualClock

LIMIT_SECONDS = 300
FAR_MS = 600_000


@pytest.mark.parametrize(
    ("before_ms", "theirs_ms", "after_ms", "expected"),
    [
        (100, 100, 100, 0),
        (100, 150, 200, 0),
        (100, 90, 200, 10),
        (100, 210, 200, -10),
        (100, 100, 200, 0),
        (100, 200, 200, 0),
    ],
)
def test_only_what_is_certain_counts(before_ms: int, theirs_ms: int, after_ms: int, expected: int) -> None:
    """However long the reading took, it explains as much."""
    assert apart_ms(before_ms=before_ms, theirs_ms=theirs_ms, after_ms=after_ms) == expected


class RunningClock(ManualClock):
    """The machine's clock, shifted by the test."""

    def __init__(self) -> None:
        super().__init__(0)

    def __call__(self) -> int:
        return system_clock() + self.now_ms


@pytest.fixture
def running_clock() -> RunningClock:
    """A clock that agrees with the database's until the test shifts it."""
    return RunningClock()


@pytest_asyncio.fixture
async def shifted_app(
    database_url: str, redis_url: str, ledger: FakeLedger, running_clock: RunningClock
) -> AsyncIterator[Litestar]:
    """An application that lets its clock be five minutes apart."""
    settings = settings_for(database_url, redis_url, CLOCK_SKEW_SECONDS=str(LIMIT_SECONDS))
    async with running(build_app(settings, ledger=ledger, clock=running_clock)) as app:
        yield app


@pytest.mark.parametrize("shift_ms", [FAR_MS, -FAR_MS])
@pytest.mark.asyncio
async def test_a_process_whose_clock_is_apart_is_not_ready(
    shifted_app: Litestar, running_clock: RunningClock, shift_ms: int
) -> None:
    """It says why, tells by how much, and is ready again once the clock is set right."""
    running_clock.advance(shift_ms)
    async with client_of(shifted_app) as client:
        apart = await client.get("/health/ready")
        shown = (await client.get("/metrics")).text.splitlines()
        running_clock.advance(-shift_ms)
        together = await client.get("/health/ready")
    assert (apart.status_code, apart.json()["clock"], apart.json()["status"]) == (503, "apart", "down")
    (skew,) = (float(line.split()[1]) for line in shown if line.startswith("playfair_clock_skew_seconds "))
    assert abs(skew - shift_ms / 1_000) < LIMIT_SECONDS
    assert (together.status_code, together.json()["clock"]) == (200, "up")


@pytest.mark.asyncio
async def test_steps_rest_while_the_clock_is_apart(
    shifted_app: Litestar, running_clock: RunningClock
) -> None:
    """They take no other process's work for late, and go on once the clock is set right."""
    runs: list[int] = []

    async def run(_resources: Resources) -> int:
        runs.append(running_clock())
        return 1

    watch, resources = Watch(), shifted_app.state.resources
    step = watch.lets(Step(name="test", run=run, interval_ms=1_000))
    done = []
    for shift_ms in (0, FAR_MS, -FAR_MS):
        running_clock.advance(shift_ms)
        await watch.step.run(resources)
        done.append(await step.run(resources))
    assert done == [1, 0, 1]
    assert len(runs) == 2
