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
    """Stops calls when the ledger is down; after a while one probe at a time may find that it is back.

    It opens after `breaker_failures` calls in a row that failed, or once `breaker_silence_seconds` have
    passed since a call was lost and none got through since. So a ledger that falls silent is found out within
    `call_seconds` plus `breaker_silence_seconds` of the start of the first lost call, however few the calls
    are; a lost call whose retry is answered in time opens nothing. Probes that fail come at intervals that
    double, up to `breaker_open_seconds_max`.
    """

    def __init__(self, options: Options, *, clock: Callable[[], float]) -> None:
        self._options = options
        self._clock = clock
        self.succeed()

    @property
    def is_open(self) -> bool:
        """Whether it opened and no call has got through since."""
        return self._open_until() is not None

    def refuses(self) -> bool:
        """Whether a call made now would be refused."""
        until = self._open_until()
        return until is not None and (self._probing or self._clock() < until)

    def admit(self) -> bool:
        """Whether to make a call now; the caller must then say how it ended: one of those below."""
        if self.refuses():
            return False
        self._probing = self.is_open
        return True

    def succeed(self) -> None:
        """A call was answered."""
        self._failures, self._probing = 0, False
        self._lost_at: float | None = None
        self._reopened_until: float | None = None
        self._open_seconds = self._options.breaker_open_seconds

    def abandon(self) -> None:
        """A call ended without a word about the ledger: its caller went away."""
        self._probing = False

    def lose(self) -> None:
        """A call ended in doubt."""
        self.fail()
        self._lost_at = self._clock() if self._lost_at is None else self._lost_at

    def fail(self) -> None:
        """A call was lost, or answered by a ledger that is down and says so: that is no silence."""
        now, was_open = self._clock(), self.is_open
        if self._probing:
            slower = min(2 * self._open_seconds, self._options.breaker_open_seconds_max)
            self._open_seconds = max(self._open_seconds, slower)
        self._failures, self._probing = self._failures + 1, False
        if was_open or self._failures >= self._options.breaker_failures:
            self._reopened_until = now + self._open_seconds

    def _open_until(self) -> float | None:
        """When a probe may be made; None while it is closed."""
        if self._reopened_until is not None or self._lost_at is None:
            return self._reopened_until
        opened_at = self._lost_at + self._options.breaker_silence_seconds
        return opened_at + self._open_seconds if self._clock() >= opened_at else None


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
