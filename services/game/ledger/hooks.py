"""What the ledger's client does, counted."""

from collections.abc import Mapping
from typing import Final

from game import telemetry
from ledger_client import Call, Hooks, Outcome, Unknown, Wait

FENCE: Final = "fence"
NO_OUTCOME: Final = "none"


class Measured(Hooks):
    """The metrics of the calls to the ledger, and of those who wait for it."""

    def waiting(self, wait: Wait) -> None:
        """One more waits."""
        telemetry.WAITING.labels(_lane(wait)).inc()

    def ended(self, wait: Wait, *, outcome: Outcome | None, seconds: float) -> None:
        """One less waits."""
        lane = _lane(wait)
        telemetry.WAITING.labels(lane).dec()
        telemetry.OPERATION_SECONDS.labels(lane).observe(seconds)
        reason = outcome.reason.value if isinstance(outcome, Unknown) else ""
        telemetry.OPERATIONS.labels(lane, _word(outcome), reason).inc()

    def calling(self, call: Call) -> Mapping[str, str]:
        """A call, which carries nothing of ours."""
        telemetry.CALL_ITEMS.labels(call.route).observe(call.items)
        if call.attempt > 1:
            telemetry.CALL_RETRIES.labels(call.route).inc()
        return super().calling(call)

    def called(self, call: Call, *, result: str, seconds: float) -> None:
        """How it ended."""
        telemetry.CALLS.labels(call.route, result).inc()
        telemetry.CALL_SECONDS.labels(call.route).observe(seconds)

    def split(self, *, items: int) -> None:
        """A batch goes on as halves."""
        del items
        telemetry.SPLITS.inc()

    def breaker_changed(self, *, is_open: bool) -> None:
        """Whether this process calls the ledger."""
        telemetry.BREAKERS.set(is_open)


def _lane(wait: Wait) -> str:
    return FENCE if wait.lane is None else wait.lane.value


def _word(outcome: Outcome | None) -> str:
    return NO_OUTCOME if outcome is None else type(outcome).__name__.lower()
