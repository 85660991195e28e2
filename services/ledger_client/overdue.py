"""Deciding ids whose time is over: looked up together, and fenced one by one where that proves nothing."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final

import msgspec

from ledger_client import questions
from ledger_client.answers import Again
from ledger_client.errors import InvalidOperation
from ledger_client.line import Line
from ledger_client.options import LOOKUP_MAX
from ledger_client.outcomes import Capabilities, Expired, Lookup, Outcome, Unknown, UnknownReason

# Each fence is a call of its own, and fresh plays need the connections.
FENCES_IN_FLIGHT_MAX: Final = 2


class _Asked(msgspec.Struct, frozen=True):
    operation_id: str
    apply_before_ms: int
    outcome: "asyncio.Future[Outcome]"

    def resolve(self, outcome: Outcome | Exception) -> None:
        if self.outcome.done():  # nobody waits any more
            return
        if isinstance(outcome, Exception):
            self.outcome.set_exception(outcome)
        else:
            self.outcome.set_result(outcome)


class Overdue:
    """Collects ids while a lookup is in flight. Asks the ledger once what it can do."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._declared: Capabilities | None = None
        self._waiting: deque[_Asked] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._turns = asyncio.Semaphore(FENCES_IN_FLIGHT_MAX)

    async def decide(self, operation_id: str, *, apply_before_ms: int) -> Outcome:
        """The id's outcome, for ever; see `Ledger.decide_overdue`."""
        asked = _Asked(operation_id, apply_before_ms, asyncio.get_running_loop().create_future())
        self._waiting.append(asked)
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())
        return await asked.outcome

    async def _work(self) -> None:
        try:
            while self._waiting:
                size = min(len(self._waiting), LOOKUP_MAX)
                await self._decide([self._waiting.popleft() for _ in range(size)])
        finally:
            self._worker = None

    async def _decide(self, batch: Sequence[_Asked]) -> None:
        try:
            unseen = await self._look(batch)
        except InvalidOperation as bug:
            await self._split(batch, bug)
        except Exception as error:
            for asked in batch:
                asked.resolve(error)
        else:
            await asyncio.gather(*map(self._fence, unseen))

    async def _split(self, batch: Sequence[_Asked], bug: InvalidOperation) -> None:
        """The id that the ledger cannot read is found, so that it harms no other."""
        if len(batch) == 1:
            batch[0].resolve(bug)
            return
        middle = len(batch) // 2
        await self._decide(batch[:middle])
        await self._decide(batch[middle:])

    async def _look(self, batch: Sequence[_Asked]) -> list[_Asked]:
        """Look all of them up; those that are left for a fence."""
        declared = self._declared or await questions.ask_capabilities(self._line)
        if isinstance(declared, Again):
            return _give_up(batch, declared)
        self._declared = declared
        seen = await questions.ask_lookup(self._line, list({asked.operation_id: None for asked in batch}))
        if isinstance(seen, Again):
            return _give_up(batch, seen)
        return [asked for asked in batch if not _is_decided(asked, seen, declared)]

    async def _fence(self, asked: _Asked) -> None:
        async with self._turns:
            try:
                asked.resolve(await questions.fence(self._line, asked.operation_id))
            except Exception as error:
                asked.resolve(error)


def _give_up(batch: Sequence[_Asked], last: Again) -> list[_Asked]:
    for asked in batch:
        asked.resolve(Unknown(asked.operation_id, last.reason))
    return []


def _is_decided(asked: _Asked, seen: Lookup, declared: Capabilities) -> bool:
    outcome: Outcome | None = seen.outcomes[asked.operation_id]
    if outcome is None and declared.apply_before and seen.as_of_ms > asked.apply_before_ms:
        outcome = Expired(asked.operation_id, replayed=False)  # from here on the ledger refuses it itself
    if outcome is None and not declared.fence:
        outcome = Unknown(asked.operation_id, UnknownReason.IN_PROGRESS)
    if outcome is not None:
        asked.resolve(outcome)
    return outcome is not None
