"""Events on their way to whoever makes something of them: claimed, done or failed, and forgotten at last.

A consumer works in one transaction: it claims, does what an event asks for, and says `done`; what it did and
that it did it are committed together. When its work fails it rolls back to a savepoint and says `failed`.
Reversals come to it only for events that it has processed.
"""

from collections.abc import Sequence
from typing import Final

from game import telemetry
from game.db.connection import Connection
from game.resources import Resources, uuid7
from game.webhooks import store
from game.webhooks.rules import DEAD_RETENTION_MS, REASON_MAX, RETENTION_MS, pause_ms
from game.webhooks.store import Event

CLAIM_MAX: Final = 256
# Of one player, one event is claimed: more are looked at, so that a player with many does not fill the claim.
LOOKED_AT_PER_CLAIMED: Final = 4
PURGE_MAX: Final = 1_000
COUNT_MAX: Final = 100_000


async def claim(conn: Connection, *, now_ms: int, limit: int) -> list[Event]:
    """The next event of at most `limit` players each, whom nobody else gets until the transaction ends.

    A player's events come in the order of their sequence, then of their time, as far as they have come; one
    that waits for another attempt holds back those behind it. To be called in a transaction.
    """
    assert 1 <= limit <= CLAIM_MAX
    player_ids = await store.lock_players(
        conn, now_ms=now_ms, events=limit * LOOKED_AT_PER_CLAIMED, limit=limit
    )
    if not player_ids:
        return []
    # Only statements that begin after the lock see what the one who had it before has done.
    await store.annul_events(conn, player_ids)
    events = await store.next_events(conn, player_ids)
    if waiting := [event for event in events if event.next_attempt_ms > now_ms]:
        await store.put_off(conn, waiting)
    return [event for event in events if event.next_attempt_ms <= now_ms]


async def done(conn: Connection, events: Sequence[Event]) -> None:
    """Note that events were processed, in the transaction that claimed them and does what they ask for."""
    finished = await store.finish_events(conn, events)
    assert finished == {event.event_id for event in events}, "only the claim's own transaction ends an event"


async def failed(conn: Connection, event: Event, reason: str, *, now_ms: int) -> None:
    """Note that an event was not processed, and why: it is tried again, in the end it is a dead letter."""
    pause = pause_ms(event.attempts + 1)
    is_noted = await store.fail_event(
        conn,
        event,
        state="dead" if pause is None else "stored",
        until_ms=now_ms + (pause or 0),
        reason=reason[:REASON_MAX] or "no reason given",
    )
    assert is_noted, "only the claim's own transaction ends an attempt"


async def purge(resources: Resources) -> int:
    """Forget events that ended long ago; how many this time."""
    now_ms = resources.clock()
    before, dead_before = (uuid7(now_ms - kept, bytes(10)) for kept in (RETENTION_MS, DEAD_RETENTION_MS))
    async with resources.pool.acquire() as conn:
        return await store.delete_ended(conn, before=before, dead_before=dead_before, limit=PURGE_MAX)


async def count(resources: Resources) -> int:
    """Tell the metrics how many events wait, are unknown or are dead letters."""
    async with resources.pool.acquire() as conn:
        counts = await store.count_open(conn, limit=COUNT_MAX)
    for state, events in counts.items():
        telemetry.EVENTS_OPEN.labels(state).set(events)
    return 0
