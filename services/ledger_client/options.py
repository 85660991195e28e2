"""The client's limits."""

from typing import Annotated, Final

import msgspec

from ledger_client.ledger import Lane

ITEMS_MAX: Final = {Lane.PLAY: 64, Lane.BULK: 256}
LOOKUP_MAX: Final = 256
ENTRIES_MAX: Final = 1_000
TOTALS_RANGE_MAX: Final = 1_000_000
ATTEMPTS_MAX: Final = 3
FAILURES_BEFORE_SPLIT: Final = 2
ANSWER_BYTES_MAX: Final = 4_000_000
RETRY_AFTER_SECONDS_MAX: Final = 60.0


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How hard the client tries.

    The retry budget is in calls: every call sent again takes one, every call that got through gives
    `budget_refund` back, so that in an outage the ledger sees few more calls than plays were made. What the
    breaker's limits do together stands at `pace.Breaker`.
    """

    calls_in_flight: Annotated[int, msgspec.Meta(ge=2, le=4)] = 3
    queue_max: int = 4_096
    call_seconds: float = 0.8
    backoff_seconds: float = 0.05
    throttled_backoff_seconds: float = 1.0
    backoff_seconds_max: float = 5.0
    budget_calls: int = 100
    budget_refund: float = 0.1
    breaker_failures: int = 5
    breaker_silence_seconds: float = 0.5
    breaker_open_seconds: float = 1.0
    breaker_open_seconds_max: float = 5.0
