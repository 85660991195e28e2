"""The step that makes something of events: progress, completions, rewards, in the claim's transaction."""

from collections.abc import Sequence
from typing import Final

import structlog

from game.db.connection import Connection
from game.ledger import service as outbox
from game.ledger.rules import Credit
from game.problems import is_passing
from game.resources import Resources
from game.tasks import checking_in, counting, progress_store, streak_store
from game.tasks.handing import hand
from game.tasks.reaching import reached
from game.tasks.scoring import rescore
from game.tasks.settling import earned
from game.tasks.streak_scoring import rescore_streaks
from game.webhooks import service
from game.webhooks.store import Event

BATCH: Final = 128

log = structlog.get_logger()


async def process_events(resources: Resources) -> int:
    """Process the next events of some players, one of each; how many."""
    async with resources.pool.acquire() as conn, conn.transaction():
        events = await service.claim(conn, now_ms=resources.clock(), limit=BATCH)
        credits_due = await _process_all(conn, resources, events)
    await outbox.send(resources, credits_due)
    return len(events)


async def take_in(conn: Connection, resources: Resources, events: Sequence[Event]) -> list[Credit]:
    """What events of locked players do to tasks and streaks; the credits to send after the commit."""
    now_ms = resources.clock()
    reversals = [event for event in events if event.reverses is not None]
    found = await counting.counts(conn, resources, [event for event in events if event.reverses is None])
    gone = await progress_store.reverse_contributions(conn, reversals, now_ms=now_ms) if reversals else []
    unmarked = await streak_store.reverse_marks(conn, reversals, now_ms=now_ms)
    campaigns = found.campaigns
    touched = {each.key.campaign_id for each in gone} | {each.key.campaign_id for each in unmarked}
    for campaign_id in touched:
        campaigns[campaign_id] = await counting.published(conn, resources, campaign_id)
    changed = await counting.count(conn, found.added, campaigns) | await counting.uncount(
        conn, gone, campaigns
    )
    moved = await checking_in.check_in(conn, found.marks) | await checking_in.uncheck(conn, unmarked)
    # The caps of both come before whatever they give: one order of locks.
    handed = [
        await earned(conn, resources, changed, campaigns, approved=()),
        await reached(conn, resources, moved, campaigns),
    ]
    credits_due = await hand(conn, resources, handed)
    times = {event.event_id: event.occurred_ms for event in events}
    await rescore(conn, resources, campaigns, added=found.added, gone=gone, times=times)
    await rescore_streaks(conn, resources, campaigns, moved)
    return credits_due


async def _process_all(conn: Connection, resources: Resources, events: Sequence[Event]) -> list[Credit]:
    """All together, or one by one, so that an event at fault harms no other."""
    if not events:
        return []
    try:
        return await _process(conn, resources, events)
    except Exception as error:
        if is_passing(error):
            raise
        if len(events) == 1:
            log.exception("event.failed", event_id=str(events[0].event_id))
            await service.failed(conn, events[0], repr(error), now_ms=resources.clock())
            return []
    return [credit for event in events for credit in await _process_all(conn, resources, [event])]


async def _process(conn: Connection, resources: Resources, events: Sequence[Event]) -> list[Credit]:
    async with conn.transaction():
        credits_due = await take_in(conn, resources, events)
        await service.done(conn, events)
    return credits_due
