"""When to try again, and when to stop trying: pure but for the state it keeps."""

from collections.abc import Callable

from ledger_client.options import RETRY_AFTER_SECONDS_MAX, Options


class RetryBudget:
    """A token bucket of calls that may be sent again; it fills only as calls get through."""

    def __init__(self, options: Options) -> None:
        self._capacity = float(options.budget_calls)
        self._refund = options.budget_refund
        self._left = self._capacity

    def take(self, calls: int) -> bool:
        """Whether that many calls may be sent again; if so, they are paid for."""
        if self._left < calls:
            return False
        self._left -= calls
        return True

    def refund(self) -> None:
        """A call got through."""
        self._left = min(self._capacity, self._left + self._refund)


class Breaker:
    """Stops calls when the ledger is down; after a while one probe at a time may find that it is back."""

    def __init__(self, options: Options, *, clock: Callable[[], float]) -> None:
        self._failures_max = options.breaker_failures
        self._open_seconds = options.breaker_open_seconds
        self._clock = clock
        self._failures = 0
        self._open_until: float | None = None
        self._probing = False

    @property
    def is_open(self) -> bool:
        """Whether it opened and no call has got through since."""
        return self._open_until is not None

    def refuses(self) -> bool:
        """Whether a call made now would be refused."""
        return self._open_until is not None and (self._probing or self._clock() < self._open_until)

    def admit(self) -> bool:
        """Whether to make a call now; the caller must then say how it ended: one of the three below."""
        if self.refuses():
            return False
        self._probing = self.is_open
        return True

    def succeed(self) -> None:
        """A call was answered."""
        self._failures, self._open_until, self._probing = 0, None, False

    def abandon(self) -> None:
        """A call ended without a word about the ledger: its caller went away."""
        self._probing = False

    def fail(self) -> None:
        """A call ended in doubt."""
        self._failures, self._probing = self._failures + 1, False
        if self.is_open or self._failures >= self._failures_max:
            self._open_until = self._clock() + self._open_seconds


def pause_seconds(
    options: Options,
    *,
    failures: int,
    throttled: bool,
    retry_after_seconds: float | None,
    random: Callable[[], float],
) -> float:
    """How long to wait before trying again: full jitter, on top of what the ledger asked for.

    Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    base = options.throttled_backoff_seconds if throttled else options.backoff_seconds
    asked = min(retry_after_seconds or 0.0, RETRY_AFTER_SECONDS_MAX)
    return asked + random() * min(options.backoff_seconds_max, base * (1 << (failures - 1)))
