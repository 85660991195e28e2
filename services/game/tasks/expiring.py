"""Telling brands of streaks that are about to break: some hours before the player's day is over, once a day.

When that is stands in a row for each streak at risk, by which the step finds it: nobody else is looked at.
"""

from typing import Final

from game.instants import to_datetime
from game.resources import Resources
from game.tasks import risk_store
from game.tasks.days import within
from game.tasks.risk_rules import Judged, judge
from game.tasks.store import zones_of
from game.webhooks.out.outbox import Message, tell

TOLD_MAX: Final = 500


async def tell_of_streaks(resources: Resources) -> int:
    """Tell of streaks whose time has come, in the transaction that marks them; how many were looked at."""
    now_ms = resources.clock()
    async with resources.pool.acquire() as conn, conn.transaction():
        due = await risk_store.claim_due(conn, now_ms=now_ms, limit=TOLD_MAX)
        if not due:
            return 0
        zones = await zones_of(conn, {each.risk.key.player_id for each in due})
        judged = [
            judge(
                each.risk,
                within(zones.get(each.risk.key.player_id, ()), each.time_zone),
                now_ms=now_ms,
                over_ms=each.over_ms,
            )
            for each in due
        ]
        await risk_store.save_judged(conn, judged)
        told = [_message(each, ends_ms) for each in judged if (ends_ms := each.ends_ms) is not None]
        await tell(conn, resources, told)
    return len(due)


def _message(judged: Judged, ends_ms: int) -> Message:
    risk = judged.risk
    return Message(
        campaign_id=risk.key.campaign_id,
        type="streak.expiring",
        player_id=risk.key.player_id,
        data={
            "streak": risk.key.streak_id,
            "day": risk.day.isoformat(),
            "run": risk.run,
            "ends_at": to_datetime(ends_ms).isoformat().replace("+00:00", "Z"),
        },
    )
