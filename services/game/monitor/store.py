"""The monitor's rows, and what in the logs they follow from. Connection first."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from game.db.connection import Connection
from game.db.statements import columns, load
from game.fair.entries import PoolEntry
from game.monitor.rules import Alarm, Doubt, LeftSeat, LoggedSeat, Picks, Sat, Series, entry_of

_SQL = load("game.monitor")


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """Entries of a locked log that are not counted yet, from `next_index` to before `until_index`."""

    campaign_id: str
    next_index: int
    until_index: int


class Closed(msgspec.Struct, frozen=True, kw_only=True):
    """A locked pool with its entry and its close; its seats up to entry `seat_index` are counted."""

    campaign_id: str
    pool_id: str
    seat_index: int
    entry: bytes
    close: bytes
    seat_draws: int


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm as it was raised, when the log had `log_size` entries; who saw it, None while nobody has."""

    pool_id: str
    series: Doubt
    at_ms: int
    log_size: int
    draws: int
    evidence_log10: float | None
    entry_index: int | None
    says: str | None
    acknowledged_ms: int | None
    acknowledged_by: str | None
    reason: str | None


async def find_logs(conn: Connection, *, limit: int) -> None:
    """Let new logs be followed."""
    await conn.execute(_SQL.find_logs, limit)


async def claim_log(conn: Connection, *, entries: int) -> Stretch | None:
    """Lock a log that has grown, the one that waits longest; None: there is none, or others follow it."""
    row = await conn.fetchrow(_SQL.claim_log, entries)
    return Stretch(**row) if row else None


async def followed(conn: Connection, stretch: Stretch, *, now_ms: int) -> None:
    """Note that these entries of a locked log are counted."""
    await conn.execute(_SQL.followed, stretch.campaign_id, stretch.until_index, now_ms)


async def postpone_log(conn: Connection, *, campaign_id: str, now_ms: int) -> None:
    """Let all other logs be followed first."""
    await conn.execute(_SQL.postpone_log, campaign_id, now_ms)


async def entries_in(conn: Connection, stretch: Stretch) -> list[bytes]:
    """The entries, in the order of the log."""
    return [row["entry"] for row in await conn.fetch(_SQL.entries_in, *_place(stretch))]


async def seats_of_draws(
    conn: Connection, entry_indices: Iterable[int], *, campaign_id: str
) -> dict[int, Sat]:
    """The seats of draws as they stood just before them, by the index of the draw's entry."""
    rows = await conn.fetch(_SQL.seats_of_draws, campaign_id, list(entry_indices))
    return {
        row["entry_index"]: Sat(pool_id=row["pool_id"], seat=_seat(row), last=row["before"]) for row in rows
    }


async def after_refusals(
    conn: Connection, turns: Sequence[tuple[bytes, int, int]], *, campaign_id: str
) -> set[int]:
    """Which turns, counted from 1, came after a refusal: a seat, since when and until when, in ms."""
    return {row["nth"] for row in await conn.fetch(_SQL.after_refusals, campaign_id, *columns(turns, 3))}


def _place(stretch: Stretch) -> tuple[str, int, int]:
    return stretch.campaign_id, stretch.next_index, stretch.until_index


def _seat(row: Any) -> LoggedSeat:
    return LoggedSeat(entry=row["seat"], leaf_hash=row["leaf_hash"], signature=row["signature"])


async def pool_entries(
    conn: Connection, *, campaign_id: str, pool_ids: Collection[str]
) -> dict[str, PoolEntry]:
    """The entries of published pools, by id."""
    rows = await conn.fetch(_SQL.pool_entries, campaign_id, list(pool_ids))
    return {row["pool_id"]: entry_of(row["entry"], PoolEntry) for row in rows}


async def begin_closes(conn: Connection, stretch: Stretch) -> None:
    """Have the untaken draws counted of each pool whose close is among the entries."""
    await conn.execute(_SQL.begin_closes, *_place(stretch))


async def claim_close(conn: Connection) -> Closed | None:
    """Lock a closed pool whose seats are not all looked at; None: there is none, or others count it."""
    row = await conn.fetchrow(_SQL.claim_close)
    return Closed(**row) if row else None


async def left_seats(conn: Connection, closed: Closed, *, limit: int) -> list[tuple[int, LeftSeat]]:
    """The next seats of a pool that were not used up, each with the index of its entry."""
    rows = await conn.fetch(_SQL.left_seats, closed.campaign_id, closed.pool_id, closed.seat_index, limit)
    return [
        (
            row["entry_index"],
            LeftSeat(seat=_seat(row), taken=row["draws_taken"], after_refusal=row["after_refusal"]),
        )
        for row in rows
    ]


async def counted_close(conn: Connection, closed: Closed, *, seat_index: int, is_done: bool) -> None:
    """Note that the seats of a locked pool are counted up to this entry."""
    await conn.execute(_SQL.counted_close, closed.campaign_id, closed.pool_id, seat_index, is_done)


async def add_picks(conn: Connection, picks: Picks, *, campaign_id: str) -> Picks:
    """Add to the counts of pools and series, which stay locked; what they are then."""
    rows = [(*key, "{" + ",".join(map(str, counts)) + "}") for key, counts in sorted(picks.items())]
    found = await conn.fetch(_SQL.add_picks, campaign_id, *columns(rows, 3))
    return {(row["pool_id"], row["series"]): list(row["picks"]) for row in found}


async def put_alerts(
    conn: Connection, alarms: Sequence[Alarm], *, campaign_id: str, log_size: int, now_ms: int
) -> set[tuple[str, Doubt]]:
    """Raise alerts; the pools and series of those that did not stand yet."""
    rows = [(a.pool_id, a.series, a.draws, a.evidence_log10, a.entry_index, a.says) for a in alarms]
    found = await conn.fetch(_SQL.put_alerts, campaign_id, now_ms, log_size, *columns(rows, 6))
    return {(row["pool_id"], row["series"]) for row in found}


async def counts_of_pool(conn: Connection, *, campaign_id: str, pool_id: str) -> Mapping[Series, list[int]]:
    """What was counted of a pool so far; a series that nothing was counted of is absent."""
    rows = await conn.fetch(_SQL.counts_of_pool, campaign_id, pool_id)
    return {row["series"]: list(row["picks"]) for row in rows}


async def progress(conn: Connection, *, campaign_id: str) -> tuple[int, int]:
    """How many entries of a campaign's log are counted, and how many it has; 0 of 0 without a log."""
    row = await conn.fetchrow(_SQL.progress, campaign_id)
    return (row["counted"], row["size"]) if row else (0, 0)


async def alerts_of_campaign(conn: Connection, *, campaign_id: str, limit: int) -> list[Alert]:
    """The alerts of a campaign, by pool and series."""
    return [Alert(**row) for row in await conn.fetch(_SQL.alerts_of_campaign, campaign_id, limit)]


async def acknowledge_alert(
    conn: Connection, *, campaign_id: str, pool_id: str, series: Doubt, now_ms: int, actor: str, reason: str
) -> bool:
    """Acknowledge an alert; False: there is none, or somebody has acknowledged it."""
    place = (campaign_id, pool_id, series)
    return await conn.fetchval(_SQL.acknowledge_alert, *place, now_ms, actor, reason) is not None


async def measured(conn: Connection) -> tuple[Mapping[Doubt, int], int]:
    """Alerts that nobody has acknowledged, by series, and how many entries of all logs are not counted."""
    rows = await conn.fetch(_SQL.measured)
    return {row["series"]: row["alerts"] for row in rows}, await conn.fetchval(_SQL.behind)
