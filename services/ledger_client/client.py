"""The client of a ledger over HTTP: `Ledger`, implemented."""

import asyncio
import random as entropy
from collections.abc import Callable, Sequence
from typing import Self

from ledger_client import questions
from ledger_client.batcher import Batcher, Item
from ledger_client.deadlines import Deadlines
from ledger_client.hooks import Hooks, Wait, told
from ledger_client.ledger import Lane
from ledger_client.line import Line
from ledger_client.options import Options
from ledger_client.outcomes import (
    Account,
    Capabilities,
    ControlTotals,
    EntryPage,
    Explanation,
    Lookup,
    Outcome,
    UnknownReason,
)
from ledger_client.overdue import Overdue
from ledger_client.sending import send
from ledger_client.transport import HttpTransport, Transport


class LedgerClient:
    """One per process, made inside the running loop; `random` is uniform in [0, 1), for jitter."""

    def __init__(
        self, transport: Transport, options: Options, *, hooks: Hooks, random: Callable[[], float]
    ) -> None:
        self._transport = transport
        self._hooks = hooks
        self._loop = asyncio.get_running_loop()
        self._line = Line(
            transport,
            options,
            hooks=hooks,
            random=random,
            questions_in_flight=options.calls_in_flight,
        )
        self._batcher = Batcher(options, send=self._send)
        self._deadlines = Deadlines()
        self._overdue = Overdue(self._line)
        self._is_closed = False

    @classmethod
    def open(
        cls,
        url: str,
        token: str,
        options: Options,
        *,
        hooks: Hooks | None = None,
        random: Callable[[], float] = entropy.random,
    ) -> Self:
        """A client of the ledger at `url`; close it, or use it as a context manager."""
        # Half of the connections are for operations, half for questions.
        transport = HttpTransport(url, token=token, connections_max=2 * options.calls_in_flight)
        return cls(transport, options, hooks=hooks or Hooks(), random=random)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def apply(
        self, *, operation_id: str, body: bytes, lane: Lane, subject: str, deadline: float
    ) -> Outcome:
        """Send the stored bytes until they are decided or the deadline passes; see `Ledger.apply`."""
        item = Item(
            operation_id=operation_id,
            body=body,
            lane=lane,
            subject=subject,
            deadline=deadline,
            outcome=self._loop.create_future(),
        )
        self._begin(item)
        try:
            return await told(self._hooks, Wait(operation_id, lane), item.outcome)
        finally:
            self._deadlines.forget(item)

    async def fence(self, operation_id: str) -> Outcome:
        """Decide an id now; see `Ledger.fence`."""
        return await told(self._hooks, Wait(operation_id, None), questions.fence(self._line, operation_id))

    async def decide_overdue(self, operation_id: str, *, apply_before_ms: int) -> Outcome:
        """Decide an id whose time is over; see `Ledger.decide_overdue`."""
        deciding = self._overdue.decide(operation_id, apply_before_ms=apply_before_ms)
        return await told(self._hooks, Wait(operation_id, None), deciding)

    async def lookup(self, operation_ids: Sequence[str]) -> Lookup:
        """The outcomes of up to 256 ids; see `Ledger.lookup`."""
        return await questions.lookup(self._line, operation_ids)

    async def account(self, account_id: str) -> Account:
        """The account's points; see `Ledger.account`."""
        return await questions.account(self._line, account_id)

    async def explain(self, operation_id: str) -> Explanation:
        """What became of an operation; see `Ledger.explain`."""
        return await questions.explain(self._line, operation_id)

    async def entries(self, *, after_seq: int, limit: int) -> EntryPage:
        """A page of the feed; see `Ledger.entries`."""
        return await questions.entries(self._line, after_seq=after_seq, limit=limit)

    async def control_totals(self, *, from_seq: int, to_seq: int) -> ControlTotals:
        """Count and sum of entries; see `Ledger.control_totals`."""
        return await questions.control_totals(self._line, from_seq=from_seq, to_seq=to_seq)

    async def capabilities(self) -> Capabilities:
        """What this ledger guarantees; see `Ledger.capabilities`."""
        return await questions.capabilities(self._line)

    def available(self) -> bool:
        """Whether a play accepted now would be sent: open for business, breaker closed, room to queue."""
        return self._refusal() is None

    async def close(self) -> None:
        """Give up what was not sent, finish what is in flight, and release connections."""
        self._is_closed = True
        await self._batcher.drain()
        await self._transport.close()

    def _refusal(self) -> UnknownReason | None:
        if self._is_closed:
            return UnknownReason.CLOSED
        if self._line.breaker.refuses():
            return UnknownReason.CIRCUIT_OPEN
        return UnknownReason.QUEUE_FULL if self._batcher.is_full else None

    def _begin(self, item: Item) -> None:
        if refusal := self._refusal():
            item.give_up(refusal)
            return
        self._batcher.put(item)
        self._deadlines.watch(item)

    async def _send(self, items: list[Item]) -> None:
        await send(items, line=self._line)
