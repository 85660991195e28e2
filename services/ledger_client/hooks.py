"""What the client tells whoever measures or traces it.

It depends on no tracing library. A `Wait` and a `Call` are compared by identity, so a tracer keeps its spans
by them; `waiting` and `ended` run in the caller's own context, so a span begun there is the request's child.
With OpenTelemetry (`opentelemetry.trace`, `opentelemetry.propagate`), for example:

    class Traced(Hooks):
        def waiting(self, wait: Wait) -> None:
            self.spans[wait.operation_id] = tracer.start_span("ledger.operation")

        def ended(self, wait: Wait, *, outcome: Outcome | None, seconds: float) -> None:
            self.spans.pop(wait.operation_id).end()

        def calling(self, call: Call) -> Mapping[str, str]:
            waits = [self.spans[id_] for id_ in call.operation_ids if id_ in self.spans]
            links = [Link(span.get_span_context()) for span in waits]
            self.calls[call] = tracer.start_span(call.route, links=links)
            headers: dict[str, str] = {}
            propagate.inject(headers, trace.set_span_in_context(self.calls[call]))
            return headers

        def called(self, call: Call, *, result: str, seconds: float) -> None:
            self.calls.pop(call).end()
"""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Final

import msgspec

from ledger_client.ledger import Lane
from ledger_client.outcomes import Outcome

NO_HEADERS: Final[Mapping[str, str]] = {}


class Wait(msgspec.Struct, frozen=True, eq=False):
    """Somebody waits for an operation's outcome. `lane` is None where it is not sent but fenced."""

    operation_id: str
    lane: Lane | None


class Call(msgspec.Struct, frozen=True, eq=False):
    """One HTTP call. `route` names no id; `attempt` counts from 1: beyond, it is a retry.

    `operation_ids` are those of a batch, in its order; none are told of other calls.
    """

    route: str
    items: int
    attempt: int
    operation_ids: tuple[str, ...]


class Hooks:
    """Told of what happens, in the event loop: override, be quick, and do not raise."""

    def waiting(self, wait: Wait) -> None:
        """An operation was handed in."""

    def ended(self, wait: Wait, *, outcome: Outcome | None, seconds: float) -> None:
        """The wait ended. Without an outcome the caller went away, or hears of a `LedgerBug`."""

    def calling(self, call: Call) -> Mapping[str, str]:
        """A call begins; the headers that it is to carry, such as W3C `traceparent` and `tracestate`."""
        del call
        return NO_HEADERS

    def called(self, call: Call, *, result: str, seconds: float) -> None:
        """The call ended; `result` is the status, or the reason why there is none."""

    def split(self, *, items: int) -> None:
        """A batch that failed over and over goes on as two halves, to find the operation at fault."""

    def breaker_changed(self, *, is_open: bool) -> None:
        """The breaker opened, or closed again."""


async def told(hooks: Hooks, wait: Wait, outcome: Awaitable[Outcome]) -> Outcome:
    """The outcome, with the hooks told of the wait's start and end."""
    loop = asyncio.get_running_loop()
    started, found = loop.time(), None
    hooks.waiting(wait)
    try:
        found = await outcome
    finally:
        hooks.ended(wait, outcome=found, seconds=loop.time() - started)
    return found
