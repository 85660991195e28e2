"""What the monitor has counted of a pool, and what people make of its alerts."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from game.auth import Caller
from game.campaigns.access import brand_of, campaign_of, desk_of
from game.campaigns.service import pool_terms
from game.errors import Conflict, NotFound
from game.fair.entries import PoolEntry
from game.monitor import store
from game.monitor.rules import Doubt, Series
from game.monitor.store import Alert
from game.resources import Resources

# A campaign has at most 64 pools, each at most one alert of each kind.
ALERTS_MAX: Final = 256


class Fit(msgspec.Struct, frozen=True, kw_only=True):
    """A pool and what was counted of it, from `counted` of the log's `size` entries."""

    pool: PoolEntry
    counted: int
    size: int
    picks: Mapping[Series, Sequence[int]]


async def fit(resources: Resources, caller: Caller | None, *, campaign_id: str, pool_id: str) -> Fit:
    """What was counted of a published pool. NotFound, for callers of another brand too."""
    await brand_of(resources, caller, campaign_id)
    terms = await pool_terms(resources, campaign_id=campaign_id, pool_id=pool_id)
    async with resources.pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        counted, size = await store.progress(conn, campaign_id=campaign_id)
        picks = await store.counts_of_pool(conn, campaign_id=campaign_id, pool_id=pool_id)
    return Fit(pool=terms.entry, counted=counted, size=size, picks=picks)


async def alerts(resources: Resources, caller: Caller, *, campaign_id: str) -> list[Alert]:
    """The alerts of a campaign of the caller's brand. NotFound."""
    async with resources.pool.acquire() as conn:
        await campaign_of(conn, campaign_id=campaign_id, brand_id=caller.brand_id)
        return await store.alerts_of_campaign(conn, campaign_id=campaign_id, limit=ALERTS_MAX)


async def acknowledge(
    resources: Resources, caller: Caller, *, campaign_id: str, pool_id: str, series: Doubt, reason: str
) -> Alert:
    """Say what came of an alert; sent again by the same person, it does nothing more.

    NotFound; Conflict `fit_alert_acknowledged` by somebody else, or for another reason.
    """
    async with desk_of(resources, caller, campaign_id) as desk:
        is_new = await store.acknowledge_alert(
            desk.conn,
            campaign_id=campaign_id,
            pool_id=pool_id,
            series=series,
            now_ms=resources.clock(),
            actor=caller.subject,
            reason=reason,
        )
        found = await store.alerts_of_campaign(desk.conn, campaign_id=campaign_id, limit=ALERTS_MAX)
        alert = _same(found, caller, pool_id=pool_id, series=series, reason=reason)
        if is_new:
            new = {"pool_id": pool_id, "series": series, "reason": reason}
            await desk.record("fit.acknowledge", old={}, new=new)
    return alert


def _same(found: Sequence[Alert], caller: Caller, *, pool_id: str, series: Doubt, reason: str) -> Alert:
    alert = next((each for each in found if (each.pool_id, each.series) == (pool_id, series)), None)
    if alert is None:
        raise NotFound("fit_alert_not_found", "The pool has no such alert.")
    if (alert.acknowledged_by, alert.reason) != (caller.subject, reason):
        raise Conflict(
            "fit_alert_acknowledged", "Somebody has acknowledged it before.", by=alert.acknowledged_by
        )
    return alert
