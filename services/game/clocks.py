"""Whether this process's clock agrees with the database's, by which all processes are measured.

A process whose clock is apart from the others' would close pools early, fence debits that others have just
sent, or have its own refused as too late. So it is not ready, and its steps rest
(docs/decisions/0011-clock-skew.md).
"""

from dataclasses import replace
from typing import Final

import structlog

from game import telemetry
from game.db.statements import load
from game.resources import Resources
from game.worker import Step

COMPARE_MS: Final = 5_000

log = structlog.get_logger()
_SQL: Final = load("game")


def apart_ms(*, before_ms: int, theirs_ms: int, after_ms: int) -> int:
    """How far our clock is ahead of theirs (negative: behind) at least, when theirs was read between ours.

    Nought as long as the time that the reading took may explain it.
    """
    return max(before_ms - theirs_ms, 0) or min(after_ms - theirs_ms, 0)


async def compare(resources: Resources) -> bool:
    """Whether our clock and the database's agree as far as the settings ask for."""
    before_ms = resources.clock()
    theirs_ms: int = await resources.pool.fetchval(_SQL.clock_ms)
    ahead_ms = apart_ms(before_ms=before_ms, theirs_ms=theirs_ms, after_ms=resources.clock())
    telemetry.CLOCK_SKEW.set(ahead_ms / 1_000)
    return abs(ahead_ms) <= 1_000 * resources.settings.clock_skew_seconds


class Watch:
    """Keeps comparing; while the clocks are apart, the steps that it lets run rest."""

    def __init__(self) -> None:
        self._agrees = True
        self.step = Step(name="clock.compare", run=self._compare, interval_ms=COMPARE_MS)

    def lets(self, step: Step) -> Step:
        """The step, while the clocks agree."""

        async def run(resources: Resources) -> int:
            return await step.run(resources) if self._agrees else 0

        return replace(step, run=run)

    async def _compare(self, resources: Resources) -> int:
        agreed, self._agrees = self._agrees, await compare(resources)
        if agreed is not self._agrees:
            log.warning("clock.agrees" if self._agrees else "clock.apart")
        return 0
