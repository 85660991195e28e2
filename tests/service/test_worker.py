"""Work that nobody waits for."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

import pytest
from structlog.testing import capture_logs

from game import worker
from game.resources import Resources
from game.worker import Step, run_steps

NOTHING = cast("Resources", None)
SOON_MS, NEVER_MS = 1, 3_600_000
PATIENCE_SECONDS = 10


class Counting:
    """A step that counts its runs, and wakes who waits for a number of them."""

    def __init__(self, run: Callable[[int], Awaitable[int]]) -> None:
        self.runs = 0
        self._run = run
        self._ran = asyncio.Condition()

    async def __call__(self, _resources: Resources) -> int:
        self.runs += 1
        async with self._ran:
            self._ran.notify_all()
        return await self._run(self.runs)

    async def reached(self, runs: int) -> None:
        """Wait until it ran so often."""
        async with asyncio.timeout(PATIENCE_SECONDS), self._ran:
            await self._ran.wait_for(lambda: self.runs >= runs)


async def nothing(_run: int) -> int:
    """Find nothing to do."""
    return 0


@pytest.mark.asyncio
async def test_a_step_runs_again_at_once_when_it_did_something() -> None:
    """It stops for its interval, an hour here, only when there is nothing left."""

    async def three_times(run: int) -> int:
        return 1 if run < 3 else 0

    counting = Counting(three_times)
    async with run_steps(NOTHING, [Step(name="a", run=counting, interval_ms=NEVER_MS)]):
        await counting.reached(3)
    assert counting.runs == 3


@pytest.mark.asyncio
async def test_a_step_that_fails_is_tried_again() -> None:
    """An error is logged and harms neither the step nor its neighbours."""

    async def fails_twice(run: int) -> int:
        if run <= 2:
            raise ConnectionError("no luck")
        return 0

    failing, steady = Counting(fails_twice), Counting(nothing)
    steps = [
        Step(name="failing", run=failing, interval_ms=SOON_MS),
        Step(name="steady", run=steady, interval_ms=SOON_MS),
    ]
    with capture_logs() as logs:
        async with run_steps(NOTHING, steps):
            await failing.reached(4)
            await steady.reached(2)
    assert [(entry["event"], entry["step"]) for entry in logs] == [("worker.step_failed", "failing")] * 2


@pytest.mark.asyncio
async def test_a_run_ends_before_the_service_does() -> None:
    """What a run is at is finished, and none is begun."""
    finish, finished = asyncio.Event(), []

    async def slow(run: int) -> int:
        await finish.wait()
        finished.append(run)
        return 1

    counting = Counting(slow)
    async with run_steps(NOTHING, [Step(name="slow", run=counting, interval_ms=SOON_MS)]):
        await counting.reached(1)
        asyncio.get_running_loop().call_soon(finish.set)
    assert finished == [1]


@pytest.mark.asyncio
async def test_a_run_that_does_not_end_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the grace the service goes without it."""
    monkeypatch.setattr(worker, "GRACE_SECONDS", 0.01)

    async def stuck(_run: int) -> int:
        await asyncio.Event().wait()
        return 0

    counting = Counting(stuck)
    with capture_logs() as logs:
        async with run_steps(NOTHING, [Step(name="stuck", run=counting, interval_ms=SOON_MS)]):
            await counting.reached(1)
    assert [(entry["event"], entry["step"]) for entry in logs] == [("worker.cancelled", "stuck")]
