"""Random lives of events against an oracle: what is claimed, in which order, and how everything ends."""

import random
from collections.abc import Iterator
from typing import Literal

import msgspec
import pytest

from game.resources import Resources
from game.webhooks import service
from game.webhooks.rules import ATTEMPTS_MAX, PAUSE_MAX_MS
from game.webhooks.store import Event
from tests.support.service import ManualClock
from tests.webhooks.senders import Sender

SEEDS = 12
STEPS = 45
SUBJECTS = ("ann", "bob")
ORIGINAL, REVERSAL = "birthday.reached", "birthday.reached.reversed"
State = Literal["stored", "processed", "reversed", "dead"]


class Fact(msgspec.Struct):
    """An event as the oracle knows it. A lower `rank` comes first: the sequence, then the time."""

    subject: str
    occurrence: str
    is_reversal: bool
    rank: tuple[int, int]
    state: State = "stored"
    attempts: int = 0


class Oracle:
    """What has come, and what must be claimed next: one player, one line."""

    def __init__(self) -> None:
        self.facts: dict[tuple[str, str, bool], Fact] = {}
        self.waits_until_ms: dict[str, int] = {}

    def come(self, fact: Fact) -> bool:
        """Take an event in; False: it is there already."""
        key = (fact.subject, fact.occurrence, fact.is_reversal)
        if key in self.facts:
            return False
        self.facts[key] = fact
        if not fact.is_reversal and (fact.subject, fact.occurrence, True) in self.facts:
            fact.state = "reversed"
        return True

    def due(self, now_ms: int) -> dict[str, Fact]:
        """The event of each player that is claimed now, after what nobody has to process has ended."""
        for fact in list(self.facts.values()):
            if fact.is_reversal and fact.state == "stored":
                self._annul(fact)
        heads = ((subject, self._head(subject)) for subject in SUBJECTS)
        return {
            subject: head
            for subject, head in heads
            if head is not None and (head.attempts == 0 or self.waits_until_ms[subject] <= now_ms)
        }

    def _annul(self, reversal: Fact) -> None:
        original = self.facts.get((reversal.subject, reversal.occurrence, False))
        if original is None or original.state != "processed":
            reversal.state = "processed"
        if original is not None and original.state in ("stored", "dead"):
            original.state = "reversed"

    def _head(self, subject: str) -> Fact | None:
        line = [fact for fact in self.facts.values() if (fact.subject, fact.state) == (subject, "stored")]
        return min(line, key=lambda fact: fact.rank, default=None)

    def done(self, fact: Fact) -> None:
        """It was processed, and what it reverses is reversed."""
        fact.state = "processed"
        if fact.is_reversal:
            self.facts[fact.subject, fact.occurrence, False].state = "reversed"

    def failed(self, fact: Fact, now_ms: int) -> None:
        """It was not, and waits twice as long as the last time."""
        fact.attempts += 1
        fact.state = "dead" if fact.attempts == ATTEMPTS_MAX else "stored"
        self.waits_until_ms[fact.subject] = now_ms + min(1_000 * 2**fact.attempts, PAUSE_MAX_MS)


class Life:
    """One random life of events of two players, in the service and in the oracle."""

    def __init__(self, sender: Sender, resources: Resources, clock: ManualClock, seed: int) -> None:
        self.sender = sender
        self.resources = resources
        self.clock = clock
        self.luck = random.Random(seed)
        self.prefix = f"seed{seed}-"
        self.oracle = Oracle()
        self._ranks: Iterator[int] = iter(self.luck.sample(range(1_000), k=1_000))

    async def step(self) -> None:
        """Something happens: mostly an event comes or is worked on, sometimes time passes."""
        await self.luck.choice([self._come, self._come, self._work, self._work, self._pass])()

    async def _pass(self) -> None:
        self.clock.advance(self.luck.choice([1, 1_999, 2_000, 60_000, PAUSE_MAX_MS]))

    async def _come(self) -> None:
        fact = Fact(
            subject=self.luck.choice(SUBJECTS),
            occurrence=str(self.luck.randrange(12)),
            is_reversal=self.luck.random() < 0.35,
            rank=(next(self._ranks), 0),
        )
        sequence = fact.rank[0]
        if self.luck.random() < 0.4:  # without a sequence: behind all that have one, by time
            fact.rank, sequence = (10_000, self.clock() - fact.rank[0]), -1
        answer = await self.sender.sent(
            REVERSAL if fact.is_reversal else ORIGINAL,
            **self._data(fact, sequence),
        )
        assert answer["state"] == ("stored" if self.oracle.come(fact) else "duplicate")

    def _data(self, fact: Fact, sequence: int) -> dict[str, object]:
        data = {"subject": self.prefix + fact.subject, "occurrence": fact.occurrence}
        return data | ({"happened_ms": fact.rank[1]} if sequence < 0 else {"sequence": sequence})

    async def _work(self) -> None:
        now_ms, due = self.clock(), self.oracle.due(self.clock())
        async with self.resources.pool.acquire() as conn, conn.transaction():
            events = await service.claim(conn, now_ms=now_ms, limit=10)
            subjects = await self.subjects(events)
            found = {subject: (event.occurrence, event.reverses is not None)
                     for subject, event in zip(subjects, events, strict=True)}  # fmt: skip
            assert found == {subject: (f.occurrence, f.is_reversal) for subject, f in due.items()}
            for subject, event in zip(subjects, events, strict=True):
                if self.luck.random() < 0.5:
                    await service.done(conn, [event])
                    self.oracle.done(due[subject])
                else:
                    await service.failed(conn, event, "bad luck", now_ms=now_ms)
                    self.oracle.failed(due[subject], now_ms)

    async def subjects(self, events: list[Event]) -> list[str]:
        """Whose the events are."""
        rows = await self.resources.pool.fetch("SELECT player_id, subject FROM player")
        names = {row["player_id"]: row["subject"] for row in rows}
        return [names[event.player_id].removeprefix(self.prefix) for event in events]

    async def states(self) -> dict[tuple[str, str, bool], str]:
        """How the events of this life stand."""
        rows = await self.resources.pool.fetch(
            "SELECT subject, occurrence, reverses, state FROM event JOIN player USING (player_id)"
            " WHERE starts_with(subject, $1)",
            self.prefix,
        )
        return {
            (row["subject"].removeprefix(self.prefix), row["occurrence"], row["reverses"] is not None): row[
                "state"
            ]
            for row in rows
        }


@pytest.mark.asyncio
async def test_random_lives(sender: Sender, resources: Resources, clock: ManualClock) -> None:
    """Claims, order, pauses, dead letters and reversals are the oracle's, after every step."""
    for seed in range(SEEDS):
        await resources.pool.execute("DELETE FROM event")
        life = Life(sender, resources, clock, seed)
        for _ in range(STEPS):
            await life.step()
        life.oracle.due(clock())
        async with resources.pool.acquire() as conn, conn.transaction():
            await service.claim(conn, now_ms=clock() + PAUSE_MAX_MS, limit=10)
        assert await life.states() == {key: fact.state for key, fact in life.oracle.facts.items()}, seed
