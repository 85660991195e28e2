"""The monitor's rows, and what in the logs they follow from. Connection first."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from game.db.connection import Connection
from game.db.statements import columns, load
from game.fair.entries import PoolEntry
from game.monitor.rules import Alarm, Counted, Doubt, LeftSeat, LoggedSeat, Picks, Sat, Series, read_pool

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


async def claim_logs(conn: Connection, *, logs: int, entries: int) -> list[Stretch]:
    """Lock logs that have grown, those that wait longest, with so many entries together.

    None of them: no log has grown, or others follow those that have.
    """
    found: list[Stretch] = []
    for campaign_id, next_index, size in await conn.fetch(_SQL.claim_logs, logs):
        until_index = min(size, next_index + entries)
        entries -= until_index - next_index
        if until_index > next_index:
            found.append(Stretch(campaign_id=campaign_id, next_index=next_index, until_index=until_index))
    return found


async def followed(conn: Connection, stretches: Sequence[Stretch], *, now_ms: int) -> None:
    """Note that these entries of locked logs are counted."""
    rows = [(each.campaign_id, each.until_index) for each in stretches]
    await conn.execute(_SQL.followed, *columns(rows, 2), now_ms)


async def postpone_log(conn: Connection, *, campaign_id: str, now_ms: int) -> None:
    """Let all other logs be followed first."""
    await conn.execute(_SQL.postpone_log, campaign_id, now_ms)


async def entries_in(conn: Connection, stretches: Sequence[Stretch]) -> list[tuple[str, bytes]]:
    """The entries, each with its campaign, in the order of the logs."""
    rows = await conn.fetch(_SQL.entries_in, *_places(stretches))
    return [(row["campaign_id"], row["entry"]) for row in rows]


async def seats_of_draws(conn: Connection, draws: Collection[tuple[str, int]]) -> dict[tuple[str, int], Sat]:
    """The seats of draws as they stood just before them, by campaign and index of the draw's entry."""
    rows = await conn.fetch(_SQL.seats_of_draws, *columns(draws, 2))
    return {
        (row["campaign_id"], row["entry_index"]): Sat(
            pool_id=row["pool_id"], seat=_seat(row), last=row["before"]
        )
        for row in rows
    }


async def after_refusals(conn: Connection, turns: Sequence[tuple[str, bytes, int, int]]) -> set[int]:
    """Which turns, counted from 1, came after a refusal: a seat, since when and until when, in ms."""
    return {row["nth"] for row in await conn.fetch(_SQL.after_refusals, turns)}


def _places(stretches: Sequence[Stretch]) -> list[list[Any]]:
    return columns([(each.campaign_id, each.next_index, each.until_index) for each in stretches], 3)


def _seat(row: Any) -> LoggedSeat:
    return LoggedSeat(entry=row["seat"], leaf_hash=row["leaf_hash"], signature=row["signature"])


async def pool_entries(
    conn: Connection, pools: Collection[tuple[str, str]]
) -> dict[str, dict[str, PoolEntry]]:
    """The entries of published pools, by campaign and id."""
    found: defaultdict[str, dict[str, PoolEntry]] = defaultdict(dict)
    for campaign_id, pool_id, entry in await conn.fetch(_SQL.pool_entries, *columns(sorted(pools), 2)):
        found[campaign_id][pool_id] = read_pool(entry)
    return found


async def begin_closes(conn: Connection, stretches: Sequence[Stretch]) -> None:
    """Have the untaken draws counted of each pool whose close is among the entries."""
    await conn.execute(_SQL.begin_closes, *_places(stretches))


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


async def add_picks(conn: Connection, counted: Sequence[Counted]) -> dict[str, Picks]:
    """Add to the counts of pools and series, which stay locked; what they are then, by campaign."""
    rows = [
        (each.campaign_id, *key, "{" + ",".join(map(str, picks)) + "}")
        for each in counted
        for key, picks in each.picks.items()
    ]
    found: defaultdict[str, Picks] = defaultdict(dict)
    for campaign_id, pool_id, series, picks in await conn.fetch(_SQL.add_picks, *columns(rows, 4)):
        found[campaign_id][pool_id, series] = list(picks)
    return found


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
