"""Somebody who processes events when a test says so."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from game.db.connection import Connection
from game.resources import Resources
from game.webhooks import service
from game.webhooks.rules import PAUSE_MAX_MS
from game.webhooks.store import Event
from tests.support.service import ManualClock


@asynccontextmanager
async def worker(resources: Resources) -> AsyncIterator[Connection]:
    """The transaction of somebody who processes events."""
    async with resources.pool.acquire() as conn, conn.transaction():
        yield conn


async def claimed(conn: Connection, resources: Resources, *, limit: int = 10) -> list[Event]:
    """What there is to do now."""
    return await service.claim(conn, now_ms=resources.clock(), limit=limit)


async def process_all(resources: Resources) -> list[Event]:
    """Process whatever is due, one claim after the other; what was processed, in this order."""
    processed: list[Event] = []
    while True:
        async with worker(resources) as conn:
            events = await claimed(conn, resources)
            await service.done(conn, events)
        if not events:
            return processed
        processed += events


async def fail(resources: Resources, *, times: int, reason: str = "the ledger is away") -> None:
    """Fail at the only event there is, each time when it is due again."""
    clock = resources.clock
    assert isinstance(clock, ManualClock)
    for _ in range(times):
        async with worker(resources) as conn:
            [event] = await claimed(conn, resources)
            await service.failed(conn, event, reason, now_ms=clock())
        clock.advance(PAUSE_MAX_MS)


async def states(resources: Resources) -> dict[tuple[str, str], str]:
    """The state of each event, by type and occurrence."""
    rows = await resources.pool.fetch("SELECT type, occurrence, state FROM event")
    return {(row["type"], row["occurrence"]): row["state"] for row in rows}


def occurrences(events: Sequence[Event]) -> list[str]:
    """Which they are."""
    return [event.occurrence for event in events]
