"""Counting picks, and raising an alert where they are too far from the published odds: once for each."""

from collections.abc import Mapping, Sequence

import structlog

from game.db.connection import Connection
from game.fair.entries import PoolEntry
from game.monitor import store
from game.monitor.rules import Alarm, Contradiction, Picks, alarm_of, proven
from game.resources import Resources
from game.webhooks.out.outbox import Message, tell

log = structlog.get_logger()


async def count(
    conn: Connection,
    resources: Resources,
    picks: Picks,
    found: Sequence[Contradiction],
    *,
    campaign_id: str,
    pools: Mapping[str, PoolEntry],
    log_size: int,
) -> list[Alarm]:
    """Add picks to what was counted, in the caller's transaction; the alarms that are new by it."""
    counts = await store.add_picks(conn, picks, campaign_id=campaign_id) if picks else {}
    odd = [alarm_of(pools[pool_id], series, counted) for (pool_id, series), counted in counts.items()]
    first = {each.pool_id: proven(each) for each in reversed(found)}
    alarms = [*first.values(), *(alarm for alarm in odd if alarm is not None)]
    if not alarms:
        return []
    new = await store.put_alerts(
        conn, alarms, campaign_id=campaign_id, log_size=log_size, now_ms=resources.clock()
    )
    raised = [alarm for alarm in alarms if (alarm.pool_id, alarm.series) in new]
    await tell(conn, resources, [_message(campaign_id, alarm) for alarm in raised])
    return raised


def _message(campaign_id: str, alarm: Alarm) -> Message:
    return Message(
        campaign_id=campaign_id,
        type="fairness.alert",
        about=f"fit:{alarm.pool_id}",
        data={
            "pool": alarm.pool_id,
            "series": alarm.series,
            "draws": alarm.draws,
            "entry": alarm.entry_index,
            "says": alarm.says,
        },
    )


def note(campaign_id: str, raised: Sequence[Alarm]) -> None:
    """Write alarms down, once they are committed."""
    for alarm in raised:
        log.error(
            "fit.alert",
            campaign_id=campaign_id,
            pool_id=alarm.pool_id,
            series=alarm.series,
            draws=alarm.draws,
            evidence_log10=alarm.evidence_log10,
            entry_index=alarm.entry_index,
            says=alarm.says,
        )
