"""Deciding an id whose time is over: by a fence, or by a lookup where the ledger has none."""

import asyncio
from typing import Final

from ledger_client import questions
from ledger_client.answers import Again
from ledger_client.line import Line
from ledger_client.outcomes import Expired, Outcome, Unknown, UnknownReason

# Each is a call of its own: after an outage there are thousands, and fresh plays need the connections.
OVERDUE_IN_FLIGHT_MAX: Final = 2


class Overdue:
    """Asks the ledger once whether it has a fence, and then always decides in that way."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._has_fence: bool | None = None
        self._turns = asyncio.Semaphore(OVERDUE_IN_FLIGHT_MAX)

    async def decide(self, operation_id: str, *, apply_before_ms: int) -> Outcome:
        """The id's outcome, for ever; see `Ledger.decide_overdue`."""
        async with self._turns:
            if self._has_fence is None:
                declared = await questions.ask_capabilities(self._line)
                if isinstance(declared, Again):
                    return Unknown(operation_id, declared.reason)
                self._has_fence = declared.fence
            if self._has_fence:
                return await questions.fence(self._line, operation_id)
            return await self._look(operation_id, apply_before_ms=apply_before_ms)

    async def _look(self, operation_id: str, *, apply_before_ms: int) -> Outcome:
        seen = await questions.ask_lookup(self._line, [operation_id])
        if isinstance(seen, Again):
            return Unknown(operation_id, seen.reason)
        if (outcome := seen.outcomes[operation_id]) is not None:
            return outcome
        if seen.as_of_ms > apply_before_ms:  # from here on the ledger refuses it itself
            return Expired(operation_id, replayed=False)
        return Unknown(operation_id, UnknownReason.IN_PROGRESS)
