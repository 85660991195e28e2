"""What is told of the odds that were drawn: wire structs, and how they follow."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from game.campaigns.rules import Text
from game.fair.draw import table_weights
from game.fair.entries import PoolEntry
from game.fit.eprocess import FALSE_ALARMS_A_YEAR, POOLS_A_YEAR, interval
from game.instants import to_datetime
from game.monitor.rules import SERIES, Doubt, Series, alarm_of
from game.monitor.service import Fit
from game.monitor.store import Alert
from game.texts import fairness

# The chance that the interval of a row ever leaves out its true odds.
MISSED = 0.001


class RowFit(msgspec.Struct, frozen=True, kw_only=True):
    """How often a row was picked of how often its odds promise, and bounds of the odds by what was seen."""

    id: str
    picked: int
    expected: float
    odds: float
    least: float
    most: float


class SeriesFit(msgspec.Struct, frozen=True, kw_only=True):
    """Draws of one kind. `alert`: the published odds do not explain them."""

    series: Series
    name: Text
    draws: int
    alert: bool
    says: Text
    rows: Sequence[RowFit]


class FalseAlarms(msgspec.Struct, frozen=True, kw_only=True):
    """How many false alarms a year are expected at most, where so many pools are run in it."""

    a_year: float
    pools: int


class FitView(msgspec.Struct, frozen=True, kw_only=True):
    """What X picked of a pool's whole table, from `counted` of the log's `size` entries.

    Not what was paid: stock, limits and guarantee change that, by rules that a replay checks.
    """

    pool: str
    counted: int
    size: int
    false_alarms: FalseAlarms
    series: Sequence[SeriesFit]


class AcknowledgedView(msgspec.Struct, frozen=True, kw_only=True):
    """Who has seen an alert, and what came of it."""

    at: datetime
    by: str
    reason: str


class AlertView(msgspec.Struct, frozen=True, kw_only=True):
    """An alert, raised when the log had `log_size` entries.

    By counts: `evidence_log10`, at most so many digits of doubt are needed to explain it by chance. By proof:
    the `entry` at fault and what it `says`.
    """

    pool: str
    series: Doubt
    name: Text
    at: datetime
    log_size: int
    draws: int
    evidence_log10: float | None
    entry: int | None
    says: str | None
    acknowledged: AcknowledgedView | None


def fit_view(fit: Fit) -> FitView:
    """A pool's counts as everybody sees them; a series without a draw is there with none."""
    none = [0] * len(fit.pool.rows)
    return FitView(
        pool=fit.pool.pool,
        counted=fit.counted,
        size=fit.size,
        false_alarms=FalseAlarms(a_year=FALSE_ALARMS_A_YEAR, pools=POOLS_A_YEAR),
        series=[_series(fit.pool, series, fit.picks.get(series, none)) for series in SERIES],
    )


def _series(pool: PoolEntry, series: Series, picks: Sequence[int]) -> SeriesFit:
    alert = alarm_of(pool, series, picks) is not None
    return SeriesFit(
        series=series,
        name=_text(series),
        draws=sum(picks),
        alert=alert,
        says=_text("alert" if alert else "fits"),
        rows=_rows(pool, picks),
    )


def _rows(pool: PoolEntry, picks: Sequence[int]) -> list[RowFit]:
    weights, draws = table_weights(pool), sum(picks)
    total = max(1, sum(weights))
    bounds = [interval(picked, draws, alpha=MISSED) for picked in picks]
    return [
        RowFit(id=row.id, picked=n, expected=draws * w / total, odds=w / total, least=least, most=most)
        for row, n, w, (least, most) in zip(pool.rows, picks, weights, bounds, strict=True)
    ]


def alert_view(alert: Alert) -> AlertView:
    """An alert as those who look after the brand see it."""
    return AlertView(
        pool=alert.pool_id,
        series=alert.series,
        name=_text(alert.series),
        at=to_datetime(alert.at_ms),
        log_size=alert.log_size,
        draws=alert.draws,
        evidence_log10=alert.evidence_log10,
        entry=alert.entry_index,
        says=alert.says,
        acknowledged=_acknowledged(alert),
    )


def _acknowledged(alert: Alert) -> AcknowledgedView | None:
    if alert.acknowledged_ms is None:
        return None
    assert alert.acknowledged_by is not None
    assert alert.reason is not None
    when = to_datetime(alert.acknowledged_ms)
    return AcknowledgedView(at=when, by=alert.acknowledged_by, reason=alert.reason)


def _text(code: str) -> Text:
    return Text(**fairness()[code])
