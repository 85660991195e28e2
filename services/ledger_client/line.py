"""The one way to the ledger: every call passes the breaker, is timed and is told to the hooks."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from ledger_client.answers import Again
from ledger_client.hooks import Call, Hooks
from ledger_client.options import Options
from ledger_client.outcomes import UnknownReason
from ledger_client.pace import Breaker, RetryBudget, pause_seconds
from ledger_client.transport import Reply, Request, Silence, Transport

# The result of a call whose caller went away.
ABANDONED: Final = "abandoned"


class Line:
    """Makes calls; what a call proved is reported back with `ended`, because only its reader knows.

    So many questions are in flight at once: more would take the connections that operations need, and whoever
    waits for a connection counts as lost.
    """

    def __init__(
        self,
        transport: Transport,
        options: Options,
        *,
        hooks: Hooks,
        random: Callable[[], float],
        questions_in_flight: int,
    ) -> None:
        self._transport = transport
        self._options = options
        self._hooks = hooks
        self._random = random
        self._loop = asyncio.get_running_loop()
        self.budget = RetryBudget(options)
        self.breaker = Breaker(options, clock=self._loop.time)
        self.question_turns = asyncio.Semaphore(questions_in_flight)
        self._told_open = False

    async def call(
        self, request: Request, *, attempt: int, operation_ids: tuple[str, ...] = ()
    ) -> Reply | Silence:
        """Call once, after `breaker.admit`; the hooks hear of it as attempt number `attempt`.

        No caller's deadline cuts a call short: callers leave alone, and the breaker judges the ledger only.
        """
        call = Call(request.route, request.items, attempt, operation_ids)
        started, result = self._loop.time(), ABANDONED
        try:
            if headers := self._hooks.calling(call):
                request = msgspec.structs.replace(request, headers=headers)
            reply = await self._transport.call(request, timeout_seconds=self._options.call_seconds)
            result = reply.reason.value if isinstance(reply, Silence) else str(reply.status)
        except BaseException:
            self.breaker.abandon()
            raise
        finally:
            self._hooks.called(call, result=result, seconds=self._loop.time() - started)
        return reply

    def split(self, *, items: int) -> None:
        """Tell that a batch goes on as halves."""
        self._hooks.split(items=items)

    def ended(self, again: Sequence[Again]) -> None:
        """Tell the breaker and the budget what an admitted call left undecided."""
        if any(each.in_doubt for each in again):
            self.breaker.lose()
        elif any(each.is_down for each in again):
            self.breaker.fail()
        else:
            self.breaker.succeed()
            self.budget.refund()
        if (is_open := self.breaker.is_open) is not self._told_open:
            self._told_open = is_open
            self._hooks.breaker_changed(is_open=is_open)

    def pause(self, *, failures: int, last: Again) -> float:
        """How many seconds to wait before the next attempt."""
        return pause_seconds(
            self._options,
            failures=failures,
            throttled=last.reason is UnknownReason.THROTTLED,
            retry_after_seconds=last.after_seconds,
            random=self._random,
        )
