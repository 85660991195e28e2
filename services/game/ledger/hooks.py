"""What the ledger's client does, counted. Every play passes here, so the counters are looked up once."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from game import telemetry
from ledger_client import Call, Hooks, Lane, Outcome, Unknown, Wait

FENCE: Final = "fence"
NO_OUTCOME: Final = "none"
# More than there are routes, lanes, outcomes and reasons.
SERIES_MAX: Final = 1_024


class Measured(Hooks):
    """The metrics of the calls to the ledger, and of those who wait for it."""

    def waiting(self, wait: Wait) -> None:
        """One more waits."""
        _of_lane(wait.lane)[0].inc()

    def ended(self, wait: Wait, *, outcome: Outcome | None, seconds: float) -> None:
        """One less waits."""
        waiting, took = _of_lane(wait.lane)
        waiting.dec()
        took.observe(seconds)
        reason = outcome.reason.value if isinstance(outcome, Unknown) else ""
        _of_outcome(wait.lane, type(outcome).__name__, reason).inc()

    def calling(self, call: Call) -> Mapping[str, str]:
        """A call, which carries nothing of ours."""
        items, _, retries = _of_route(call.route)
        items.observe(call.items)
        if call.attempt > 1:
            retries.inc()
        return super().calling(call)

    def called(self, call: Call, *, result: str, seconds: float) -> None:
        """How it ended."""
        _of_result(call.route, result).inc()
        _of_route(call.route)[1].observe(seconds)

    def split(self, *, items: int) -> None:
        """A batch goes on as halves."""
        del items
        telemetry.SPLITS.inc()

    def breaker_changed(self, *, is_open: bool) -> None:
        """Whether this process calls the ledger."""
        telemetry.BREAKERS.set(is_open)


@lru_cache(maxsize=SERIES_MAX)
def _of_lane(lane: Lane | None) -> tuple[Gauge, Histogram]:
    word = _word(lane)
    return telemetry.WAITING.labels(word), telemetry.OPERATION_SECONDS.labels(word)


@lru_cache(maxsize=SERIES_MAX)
def _of_outcome(lane: Lane | None, kind: str, reason: str) -> Counter:
    outcome = NO_OUTCOME if kind == "NoneType" else kind.lower()
    return telemetry.OPERATIONS.labels(_word(lane), outcome, reason)


@lru_cache(maxsize=SERIES_MAX)
def _of_route(route: str) -> tuple[Histogram, Histogram, Counter]:
    return (
        telemetry.CALL_ITEMS.labels(route),
        telemetry.CALL_SECONDS.labels(route),
        telemetry.CALL_RETRIES.labels(route),
    )


@lru_cache(maxsize=SERIES_MAX)
def _of_result(route: str, result: str) -> Counter:
    return telemetry.CALLS.labels(route, result)


def _word(lane: Lane | None) -> str:
    return FENCE if lane is None else lane.value
