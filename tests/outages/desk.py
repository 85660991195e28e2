"""What a service owes its ledger, in memory: plays to be charged, credits to be paid, and how they drain."""

import asyncio
import itertools
from collections.abc import Callable
from typing import Final

import msgspec

from game.ledger.service import RESEND_AFTER_MS, SEND_SECONDS
from game.plays.engine import DOUBT_MS
from game.plays.sweep import CLAIM_MAX, PROBE_SIZE, drain_size
from game.resources import Resources
from ledger_client import Lane, LedgerClient, Leg, Operation, Outcome, Unknown, encode

PLAYER: Final = "player:p"
BUDGET: Final = "campaign:c:budget"
PLAY_SECONDS: Final = 3.0
PLAY_TTL_MS: Final = 60_000
CREDIT_TTL_MS: Final = 10**12
LEGS: Final = {Lane.PLAY: Leg(PLAYER, "house:c", 1, "play"), Lane.BULK: Leg(BUDGET, PLAYER, 1, "prize")}


class Owed(msgspec.Struct):
    """An operation that is stored and not decided, as far as we know; it is due again at `due_ms`."""

    operation: Operation
    lane: Lane
    due_ms: int


class Desk:
    """Stores before it sends, sends again what is in doubt, and fences what came too late.

    It decides as the game's engine, outbox and drain do, and has their limits. `decided` tells what became of
    each operation, `stored_at` when it was first there (seconds). `refused` counts the plays of which nothing
    was stored.
    """

    def __init__(self, client: LedgerClient, *, now_ms: Callable[[], int]) -> None:
        self.owed: dict[str, Owed] = {}
        self.decided: dict[str, Outcome] = {}
        self.stored_at: dict[str, float] = {}
        self.refused = 0
        self._client = client
        self._now_ms = now_ms
        self._size = PROBE_SIZE
        self._stored = 0

    async def take_play(self) -> None:
        """Store a play and charge it, unless it has to be refused."""
        if self._client.available():
            await self._send(self._store(Lane.PLAY, PLAY_TTL_MS, due_ms=int(PLAY_SECONDS * 1_000)))
        else:
            self.refused += 1

    async def take_credit(self) -> None:
        """Owe a credit, and pay it at once where that can be."""
        await self._send(self._store(Lane.BULK, CREDIT_TTL_MS, due_ms=RESEND_AFTER_MS))

    async def drain(self, _resources: Resources) -> int:
        """Work off one batch of what is due: plays, or else credits; how many were decided."""
        if not self._client.available():
            return 0
        due = self._due(Lane.PLAY, min(self._size, CLAIM_MAX)) or self._due(Lane.BULK, self._size)
        done = sum(await asyncio.gather(*map(self._send, due)))
        self._size = drain_size(done)
        return done

    def _store(self, lane: Lane, ttl_ms: int, *, due_ms: int) -> Owed:
        self._stored += 1
        name, apply_before = f"{lane.value}{self._stored}", self._now_ms() + ttl_ms
        self.stored_at[name] = asyncio.get_running_loop().time()
        operation = Operation(name, apply_before, (LEGS[lane],), "")
        self.owed[name] = owed = Owed(operation, lane, self._now_ms() + due_ms)
        return owed

    def _due(self, lane: Lane, limit: int) -> list[Owed]:
        now_ms = self._now_ms()
        all_due = (owed for owed in self.owed.values() if owed.lane is lane and owed.due_ms <= now_ms)
        due = list(itertools.islice(all_due, limit))
        for owed in due:
            owed.due_ms = now_ms + RESEND_AFTER_MS
        return due

    async def _send(self, owed: Owed) -> bool:
        """Whether it is decided now."""
        outcome = await self._ask(owed)
        if isinstance(outcome, Unknown):
            owed.due_ms = self._now_ms() + (DOUBT_MS if owed.lane is Lane.PLAY else RESEND_AFTER_MS)
            return False
        self.decided[owed.operation.id] = outcome
        self.owed.pop(owed.operation.id, None)
        return True

    async def _ask(self, owed: Owed) -> Outcome:
        if self._now_ms() >= owed.operation.apply_before:
            return await self._client.fence(owed.operation.id)
        patience = PLAY_SECONDS if owed.lane is Lane.PLAY else SEND_SECONDS
        return await self._client.apply(
            operation_id=owed.operation.id,
            body=encode(owed.operation),
            lane=owed.lane,
            subject=owed.operation.id,
            deadline=asyncio.get_running_loop().time() + patience,
        )
