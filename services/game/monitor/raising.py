"""Counting picks, and raising an alert where they are too far from the published odds: once for each."""

from collections.abc import Sequence

import structlog

from game.db.connection import Connection
from game.monitor import store
from game.monitor.rules import Alarm, Counted, Picks, alarm_of, proven
from game.resources import Resources
from game.webhooks.out.outbox import Message, tell

log = structlog.get_logger()


async def count(
    conn: Connection, resources: Resources, counted: Sequence[Counted]
) -> list[tuple[str, Alarm]]:
    """Add picks to what was counted, in the caller's transaction; the alarms that are new by it."""
    now = await store.add_picks(conn, counted) if any(each.picks for each in counted) else {}
    raised: list[tuple[str, Alarm]] = []
    for each in counted:
        if alarms := _alarms(each, now.get(each.campaign_id, {})):
            raised += await _raise(conn, resources, each, alarms)
    return raised


def _alarms(counted: Counted, now: Picks) -> list[Alarm]:
    odd = [alarm_of(counted.pools[pool_id], series, picks) for (pool_id, series), picks in now.items()]
    first = {each.pool_id: proven(each) for each in reversed(counted.found)}
    return [*first.values(), *(alarm for alarm in odd if alarm is not None)]


async def _raise(
    conn: Connection, resources: Resources, counted: Counted, alarms: Sequence[Alarm]
) -> list[tuple[str, Alarm]]:
    campaign_id = counted.campaign_id
    new = await store.put_alerts(
        conn, alarms, campaign_id=campaign_id, log_size=counted.log_size, now_ms=resources.clock()
    )
    raised = [alarm for alarm in alarms if (alarm.pool_id, alarm.series) in new]
    await tell(conn, resources, [_message(campaign_id, alarm) for alarm in raised])
    return [(campaign_id, alarm) for alarm in raised]


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


def note(raised: Sequence[tuple[str, Alarm]]) -> None:
    """Write alarms of campaigns down, once they are committed."""
    for campaign_id, alarm in raised:
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
