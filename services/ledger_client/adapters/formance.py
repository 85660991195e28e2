"""Formance Ledger v2 behind `Ledger`.

What decides an operation is the one transaction that holds its id as `reference`, which is unique in a
ledger for ever. A refusal, an expiry and a fence are such transactions too: tombstones, which move one point
there and back. So whoever asks later, and whoever sends late, meets the first decision.

Guaranteed (on Formance's own promises: a reference is used once, a transaction is atomic, a `send` from a
source without overdraft never overdraws it): at most one application per id; the same outcome for the same
body; another body is refused; refusals stick; a fence decides for good; each leg is paid from what is there
by then.

Not guaranteed: `apply_before`. The adapter's clock turns late operations away, but one that is on its way
when its time comes may still be applied; a fence decides it. So a lookup that finds nothing is never final
(`as_of_ms` is 0). `balance_limit` is never refused. A refusal's numbers are read just after it. There is no
feed: transactions get their ids before they commit. And whoever may edit the metadata of our transactions can
change what they say.

`Idempotency-Key` is not used: it keeps no refusals, and what else it would do, the reference does.
"""

import asyncio
import random as entropy
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final, Self, TypeVar
from urllib.parse import parse_qs, urlsplit
from weakref import WeakValueDictionary

from ledger_client.adapters import formance_wire as wire
from ledger_client.answers import Again
from ledger_client.errors import LedgerUnreachable
from ledger_client.hooks import Hooks, Wait, told
from ledger_client.ledger import Lane
from ledger_client.line import Line
from ledger_client.operations import Operation, decode
from ledger_client.options import LOOKUP_MAX, Options
from ledger_client.outcomes import (
    Account,
    Capabilities,
    ControlTotals,
    Decided,
    EntryPage,
    Expired,
    Explanation,
    Fenced,
    Lookup,
    Outcome,
    Unknown,
    UnknownReason,
)
from ledger_client.questions import Judge, ask
from ledger_client.transport import HttpTransport, Request, Transport

T = TypeVar("T")

ASSET: Final = "POINTS"
SLOTS: Final = {Lane.PLAY: 12, Lane.BULK: 4}
# Operations are questions to the line, too: none of either ever waits inside the transport.
CONNECTIONS: Final = 2 * sum(SLOTS.values())
# An operation is refused for want of points and can be paid a moment later, while points come and go.
ROUNDS_MAX: Final = 3

CAPABILITIES: Final = Capabilities(
    batch_max=1, sticky_refusals=True, apply_before=False, fence=True, ordered_floors=True, feed=False
)


class Undecided(LedgerUnreachable):
    """No usable answer; `reason` says why."""

    def __init__(self, reason: UnknownReason) -> None:
        self.reason = reason
        super().__init__(reason.value)


class FormanceLedger:
    """One per process, made inside the running loop; `apply_before` is held against `now_ms`."""

    def __init__(
        self,
        transport: Transport,
        options: Options,
        *,
        asset: str,
        hooks: Hooks,
        now_ms: Callable[[], int],
        random: Callable[[], float],
    ) -> None:
        self._transport = transport
        self._line = Line(transport, options, hooks=hooks, random=random, questions_in_flight=CONNECTIONS)
        self._queue_max = options.queue_max
        self._asset = asset
        self._hooks = hooks
        self._now_ms = now_ms
        self._loop = asyncio.get_running_loop()
        self._slots = {lane: asyncio.Semaphore(count) for lane, count in SLOTS.items()}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._waiting = 0
        self._is_closed = False

    @classmethod
    def open(
        cls,
        url: str,
        token: str,
        options: Options,
        *,
        hooks: Hooks | None = None,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        random: Callable[[], float] = entropy.random,
    ) -> Self:
        """A client of the ledger `https://host/v2/name`; points are its `?asset=`, else POINTS."""
        parts = urlsplit(url)
        asset = parse_qs(parts.query).get("asset", [ASSET])[0]
        base = parts._replace(query="").geturl()
        transport = HttpTransport(base, token=token, connections_max=CONNECTIONS)
        return cls(transport, options, asset=asset, hooks=hooks or Hooks(), now_ms=now_ms, random=random)

    async def apply(
        self, *, operation_id: str, body: bytes, lane: Lane, subject: str, deadline: float
    ) -> Outcome:
        """Create the operation's transaction, or find what stands in its place; see `Ledger.apply`."""
        operation = decode(body)
        assert operation.id == operation_id, "the body is another operation's"
        outcome = self._in_turn(operation, body, lane=lane, subject=subject, deadline=deadline)
        return await told(self._hooks, Wait(operation_id, lane), outcome)

    async def fence(self, operation_id: str) -> Outcome:
        """Bury the id when nothing stands under it; see `Ledger.fence`."""
        return await told(self._hooks, Wait(operation_id, None), self._fence(operation_id))

    async def decide_overdue(self, operation_id: str, *, apply_before_ms: int) -> Outcome:
        """Fence it: a lookup would never be final; see `Ledger.decide_overdue`."""
        del apply_before_ms
        return await self.fence(operation_id)

    async def lookup(self, operation_ids: Sequence[str]) -> Lookup:
        """The outcomes of up to 256 ids. None is never final: `as_of_ms` is 0; see `Ledger.lookup`."""
        assert 0 < len(operation_ids) <= LOOKUP_MAX, "the caller pages"
        found: dict[str, wire.Transaction] = {}
        for start in range(0, len(operation_ids), wire.PAGE_MAX):
            found |= await self._find(operation_ids[start : start + wire.PAGE_MAX])
        outcomes = {
            id_: wire.told(found[id_], asset=self._asset) if id_ in found else None for id_ in operation_ids
        }
        return Lookup(outcomes, as_of_ms=0)

    async def account(self, account_id: str) -> Account:
        """The account's points; see `Ledger.account`."""
        return await self._ask(
            wire.to_read(account_id), lambda reply: wire.judge_account(account_id, reply, asset=self._asset)
        )

    async def explain(self, operation_id: str) -> Explanation:
        """What stands under the id; see `Ledger.explain`."""
        as_of_ms = self._now_ms()
        transaction = (await self._find([operation_id])).get(operation_id)
        operation = wire.operation_of(transaction) if transaction else None
        return Explanation(
            operation_id=operation_id,
            outcome=wire.told(transaction, asset=self._asset) if transaction else None,
            as_of_ms=as_of_ms,
            decided_at_ms=int(transaction.timestamp.timestamp() * 1_000) if transaction else None,
            apply_before=operation.apply_before if operation else None,
            legs=operation.legs if operation else (),
            ref=operation.ref if operation else "",
        )

    async def entries(self, *, after_seq: int, limit: int) -> EntryPage:
        """None: there is no feed, as the capabilities say."""
        raise NotImplementedError("this ledger has no feed")

    async def control_totals(self, *, from_seq: int, to_seq: int) -> ControlTotals:
        """None: there is no feed, as the capabilities say."""
        raise NotImplementedError("this ledger has no feed")

    async def capabilities(self) -> Capabilities:
        """What this adapter and its ledger guarantee together; nothing is asked."""
        return CAPABILITIES

    def available(self) -> bool:
        """Whether a play accepted now would be sent: open for business, breaker closed, room to queue."""
        return self._refusal() is None

    async def close(self) -> None:
        """Finish what waits and what is in flight, and release connections."""
        self._is_closed = True
        for lane, count in SLOTS.items():
            for _ in range(count):
                await self._slots[lane].acquire()
        await self._transport.close()

    def _refusal(self) -> UnknownReason | None:
        if self._is_closed:
            return UnknownReason.CLOSED
        if self._line.breaker.refuses():
            return UnknownReason.CIRCUIT_OPEN
        return UnknownReason.QUEUE_FULL if self._waiting >= self._queue_max else None

    async def _fence(self, operation_id: str) -> Outcome:
        try:
            return await self._bury(Fenced(operation_id, replayed=False), None)
        except Undecided as undecided:
            return Unknown(operation_id, undecided.reason)

    async def _in_turn(
        self, operation: Operation, body: bytes, *, lane: Lane, subject: str, deadline: float
    ) -> Outcome:
        if refusal := self._refusal():
            return Unknown(operation.id, refusal)
        sent = False
        try:
            async with asyncio.timeout_at(deadline), self._turn(lane, subject):
                sent = True
                return await self._decide(operation, body)
        except TimeoutError:
            return Unknown(operation.id, UnknownReason.DEADLINE if sent else UnknownReason.DEADLINE_UNSENT)
        except Undecided as undecided:
            return Unknown(operation.id, undecided.reason)

    @asynccontextmanager
    async def _turn(self, lane: Lane, subject: str) -> AsyncIterator[None]:
        """One subject's operations go one by one, and bulk never takes the slots of plays."""
        self._waiting += 1
        try:
            async with self._turns.setdefault(subject, asyncio.Lock()), self._slots[lane]:
                yield
        finally:
            self._waiting -= 1

    async def _decide(self, operation: Operation, body: bytes) -> Outcome:
        if self._now_ms() >= operation.apply_before:
            return await self._bury(Expired(operation.id, replayed=False), body)
        for _ in range(ROUNDS_MAX):
            created = await self._create(operation.id, wire.to_apply(operation, body, asset=self._asset))
            if isinstance(created, wire.Transaction):
                return wire.applied(operation, created, asset=self._asset, replayed=False)
            if created is wire.Refusal.TAKEN:
                return await self._told(operation.id, body)
            if rejected := wire.first_short(operation, await self._balances(operation)):
                return await self._bury(rejected, body)
        return Unknown(operation.id, UnknownReason.IN_PROGRESS)

    async def _bury(self, outcome: Decided, body: bytes | None) -> Decided:
        """Make this the outcome of its id, unless there is one already."""
        created = await self._create(outcome.operation_id, wire.to_bury(outcome, body, asset=self._asset))
        if isinstance(created, wire.Transaction):
            return outcome
        if created is wire.Refusal.SHORT:  # nothing is there to be short of
            raise Undecided(UnknownReason.BROKEN_ANSWER)
        return await self._told(outcome.operation_id, body)

    async def _told(self, operation_id: str, body: bytes | None) -> Decided:
        transaction = (await self._find([operation_id])).get(operation_id)
        if transaction is None:  # taken, and not shown yet
            raise Undecided(UnknownReason.IN_PROGRESS)
        if body is not None:
            wire.refuse_another_body(transaction, body)
        return wire.told(transaction, asset=self._asset)

    async def _balances(self, operation: Operation) -> dict[str, int]:
        guarded = sorted({leg.debit for leg in operation.legs if wire.is_guarded(leg.debit)})
        return {account_id: (await self.account(account_id)).posted for account_id in guarded}

    async def _create(self, operation_id: str, request: Request) -> wire.Transaction | wire.Refusal:
        return await self._ask(request, lambda reply: wire.judge_created(operation_id, reply))

    async def _find(self, operation_ids: Sequence[str]) -> dict[str, wire.Transaction]:
        return await self._ask(
            wire.to_find(operation_ids), lambda reply: wire.judge_found(operation_ids, reply)
        )

    async def _ask(self, request: Request, judge: Judge[T]) -> T:
        found = await ask(self._line, request, judge)
        if isinstance(found, Again):
            raise Undecided(found.reason)
        return found
