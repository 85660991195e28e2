"""Work that nobody waits for, done in steps that every service process repeats."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from game import telemetry
from game.resources import Resources

GRACE_SECONDS = 10.0
BACKOFF_LIMIT_MS = 30_000

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something to do again and again; `run` answers how many things it did.

    It runs again at once after it did something, else after `interval_ms`, after errors later and later. It
    is at work for no more than its `share` of the time: after each run it rests in proportion. Any number of
    processes run the same steps side by side, and a run may be cut off anywhere.
    """

    name: str
    run: Callable[[Resources], Awaitable[int]]
    interval_ms: int
    share: float = 1.0


@asynccontextmanager
async def run_steps(resources: Resources, steps: Sequence[Step]) -> AsyncIterator[None]:
    """Repeat the steps while the context lasts; then let runs end, and cancel those that take too long."""
    stop = asyncio.get_running_loop().create_future()
    loops = [asyncio.create_task(_repeat(resources, step, stop), name=step.name) for step in steps]
    try:
        yield
    finally:
        stop.set_result(None)
        await _end(loops)


async def _end(loops: "list[asyncio.Task[None]]") -> None:
    _, late = await asyncio.wait(loops, timeout=GRACE_SECONDS)
    for loop in late:
        log.warning("worker.cancelled", step=loop.get_name())
        loop.cancel()
    await asyncio.gather(*loops, return_exceptions=True)


def pause_ms(step: Step, *, took_ms: float, is_busy: bool, failures: int) -> float:
    """How long a step waits for its next run; `is_busy`: there may be more to do at once."""
    rest_ms = took_ms * (1 / step.share - 1)
    if is_busy:
        return rest_ms
    idle_ms: int = min(step.interval_ms * 2**failures, max(step.interval_ms, BACKOFF_LIMIT_MS))
    return max(rest_ms, idle_ms)


async def _repeat(resources: Resources, step: Step, stop: "asyncio.Future[None]") -> None:
    loop, failures = asyncio.get_running_loop(), 0
    while not stop.done():
        began = loop.time()
        done = await _run(resources, step)
        failures = failures + 1 if done is None else 0
        took_ms = (loop.time() - began) * 1000
        rest_ms = pause_ms(step, took_ms=took_ms, is_busy=bool(done), failures=failures)
        await asyncio.wait((stop,), timeout=rest_ms / 1000)


async def _run(resources: Resources, step: Step) -> int | None:
    """How many things were done; None: it failed, which is logged."""
    try:
        done = await step.run(resources)
    except Exception:
        log.exception("worker.step_failed", step=step.name)
        telemetry.STEPS.labels(step.name, "failed").inc()
        return None
    telemetry.STEPS.labels(step.name, "done" if done else "idle").inc()
    return done
