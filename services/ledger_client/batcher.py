"""Collects operations while calls are in flight, and sends them together."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial

from ledger_client.ledger import Lane
from ledger_client.options import ITEMS_MAX, Options
from ledger_client.outcomes import Outcome, Unknown, UnknownReason


class Item:
    """One operation on its way; whoever waits for `outcome` may give up at any time."""

    __slots__ = ("body", "deadline", "lane", "operation_id", "outcome", "sent", "subject")

    def __init__(
        self,
        *,
        operation_id: str,
        body: bytes,
        lane: Lane,
        subject: str,
        deadline: float,
        outcome: asyncio.Future[Outcome],
    ) -> None:
        self.operation_id = operation_id
        self.body = body
        self.lane = lane
        self.subject = subject
        self.deadline = deadline
        self.outcome = outcome
        self.sent = False

    @property
    def is_waiting(self) -> bool:
        """Whether anybody still waits for the outcome."""
        return not self.outcome.done()

    def resolve(self, outcome: Outcome) -> None:
        """Tell the outcome."""
        if self.is_waiting:
            self.outcome.set_result(outcome)

    def give_up(self, reason: UnknownReason) -> None:
        """Tell that the outcome is not known."""
        self.resolve(Unknown(self.operation_id, reason))

    def expire(self) -> None:
        """Tell that the deadline has passed."""
        self.give_up(UnknownReason.DEADLINE if self.sent else UnknownReason.DEADLINE_UNSENT)

    def fail(self, error: Exception) -> None:
        """Tell of a bug."""
        if self.is_waiting:
            self.outcome.set_exception(error)


class Batcher:
    """Sends at once when a slot is free, else collects: no timers.

    Plays go first and bulk never takes the last slot. No subject is in two calls at once. What nobody waits
    for any more leaves the queue unsent.
    """

    def __init__(self, options: Options, *, send: Callable[[list[Item]], Awaitable[None]]) -> None:
        self._options = options
        self._send = send
        self._queues: dict[Lane, deque[Item]] = {lane: deque() for lane in Lane}
        self._busy_subjects: set[str] = set()
        self._calls: set[asyncio.Task[None]] = set()
        self._pump_is_due = False

    @property
    def is_full(self) -> bool:
        """Whether the queue has no room."""
        return sum(map(len, self._queues.values())) >= self._options.queue_max

    def put(self, item: Item) -> None:
        """Queue an item; those that come in the same turn of the loop leave together."""
        self._queues[item.lane].append(item)
        self._pump_soon()

    async def drain(self) -> None:
        """Give up what was not sent, and wait for the calls in flight."""
        for queue in self._queues.values():
            while queue:
                queue.popleft().give_up(UnknownReason.CLOSED)
        while self._calls:
            await asyncio.wait(self._calls)

    def _pump_soon(self) -> None:
        if not self._pump_is_due:
            self._pump_is_due = True
            asyncio.get_running_loop().call_soon(self._pump)

    def _pump(self) -> None:
        self._pump_is_due = False
        while batch := self._next_batch():
            self._busy_subjects.update(item.subject for item in batch)
            call = asyncio.create_task(self._carry(batch))
            self._calls.add(call)
            call.add_done_callback(partial(self._free, batch))

    async def _carry(self, batch: list[Item]) -> None:
        try:
            await self._send(batch)
        except Exception as error:
            for item in batch:
                item.fail(error)
            raise

    def _free(self, batch: list[Item], call: asyncio.Task[None]) -> None:
        self._calls.discard(call)
        self._busy_subjects.difference_update(item.subject for item in batch)
        self._pump_soon()

    def _next_batch(self) -> list[Item]:
        free = self._options.calls_in_flight - len(self._calls)
        plays = self._take(Lane.PLAY) if free >= 1 else []
        return plays or (self._take(Lane.BULK) if free >= 2 else [])

    def _take(self, lane: Lane) -> list[Item]:
        queue, batch, kept = self._queues[lane], list[Item](), list[Item]()
        now = asyncio.get_running_loop().time()
        while queue and len(batch) < ITEMS_MAX[lane]:
            item = queue.popleft()
            if item.deadline <= now:
                item.expire()
            elif item.is_waiting:
                (kept if item.subject in self._busy_subjects else batch).append(item)
        queue.extendleft(reversed(kept))
        return batch
