"""The rows of plays, seats and standings, read and written for many at once. Connection first."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from operator import attrgetter
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from game.campaigns.rules import Participation, PoolState
from game.db.connection import Connection
from game.db.statements import columns, load
from game.plays.rules import Debit, Lot, Play, Seat

SQL = load("game.plays")

T = TypeVar("T", bound=msgspec.Struct)

PoolKey = tuple[str, str]
PlayerKey = tuple[str, UUID]
SeatKey = tuple[str, str, UUID]


def rows_of(structs: Iterable[Any], *names: str) -> list[tuple[Any, ...]]:
    """The named fields of structs, as rows."""
    return list(map(attrgetter(*names), structs))


def struct_of(kind: type[T], values: Sequence[Any]) -> T:
    """A struct of values in the order of its fields."""
    return kind(**dict(zip(kind.__struct_fields__, values, strict=True)))


def fields(structs: Iterable[Any], *names: str) -> list[list[Any]]:
    """The named fields of structs, as columns."""
    return columns(map(attrgetter(*names), structs), len(names))


async def lock_pools(conn: Connection, keys: Iterable[PoolKey]) -> dict[PoolKey, PoolState]:
    """The pools that plays are asked of."""
    asked = columns(sorted(set(keys)), 2)
    await conn.execute(SQL.lock_pools, *asked)
    rows = await conn.fetch(SQL.pool_states, *asked)
    return {(campaign, pool): PoolState(**state) for campaign, pool, state in map(_split_pool, rows)}


def _split_pool(row: Any) -> tuple[str, str, dict[str, Any]]:
    state = dict(row)
    return state.pop("campaign_id"), state.pop("pool_id"), state


async def lock_participations(
    conn: Connection, players: Mapping[PlayerKey, date]
) -> dict[PlayerKey, Participation]:
    """The counts of players, of whom those that are new begin with today and nothing."""
    keys = sorted(players)
    found = await _participations(conn, keys)
    if len(found) < len(keys):
        await conn.execute(SQL.add_participations, *columns([(*key, players[key]) for key in keys], 3))
        found = await _participations(conn, keys)
    return found


async def _participations(conn: Connection, keys: Sequence[PlayerKey]) -> dict[PlayerKey, Participation]:
    rows = await conn.fetch(SQL.lock_participations, *columns(keys, 2))
    return {
        (row[0], row[1]): Participation(draws_total=row[2], day=row[3], draws_today=row[4]) for row in rows
    }


async def lock_counts(conn: Connection, keys: Iterable[PlayerKey]) -> dict[PlayerKey, Participation]:
    """The counts of players who have played."""
    return await _participations(conn, sorted(set(keys)))


async def find_plays(
    conn: Connection, keys: Sequence[tuple[str, UUID, str]]
) -> dict[tuple[str, UUID, str], Play]:
    """Plays that were accepted under these idempotency keys before."""
    rows = await conn.fetch(SQL.find_plays, *columns(keys, 3))
    plays = (Play(**row) for row in rows)
    return {(play.campaign_id, play.player_id, play.idempotency_key): play for play in plays}


async def lock_live_seats(conn: Connection, keys: Iterable[SeatKey]) -> dict[SeatKey, Seat]:
    """The seats, offered or live, of players in pools."""
    rows = await conn.fetch(SQL.lock_live_seats, *columns(sorted(set(keys)), 3))
    return {(row["campaign_id"], row["pool_id"], row["player_id"]): Seat(**row) for row in rows}


async def count_unfinished(conn: Connection, keys: Iterable[SeatKey]) -> Counter[SeatKey]:
    """How many plays of players in pools are not finished."""
    rows = await conn.fetch(SQL.count_unfinished, *columns(sorted(set(keys)), 3))
    return Counter({(row["campaign_id"], row["pool_id"], row["player_id"]): row["plays"] for row in rows})


async def lock_lots(
    conn: Connection, keys: Iterable[PlayerKey], *, now_ms: int
) -> dict[PlayerKey, tuple[Lot, ...]]:
    """The chances of players, oldest expiry first."""
    lots: dict[PlayerKey, tuple[Lot, ...]] = {}
    for row in await conn.fetch(SQL.lock_lots, *columns(sorted(set(keys)), 2), now_ms):
        lot = Lot(**row)
        key = (lot.campaign_id, lot.player_id)
        lots[key] = (*lots.get(key, ()), lot)
    return lots


async def lock_plays_everywhere(conn: Connection, keys: Iterable[PlayerKey]) -> dict[UUID, Play]:
    """Plays of several campaigns, by id; the keys are (campaign, play)."""
    rows = await conn.fetch(SQL.lock_plays_everywhere, *columns(sorted(set(keys)), 2))
    return {row["play_id"]: Play(**row) for row in rows}


async def lock_seats_everywhere(conn: Connection, keys: Iterable[tuple[str, bytes]]) -> dict[bytes, Seat]:
    """Seats of several campaigns, by id."""
    rows = await conn.fetch(SQL.lock_seats_everywhere, *columns(sorted(set(keys)), 2))
    return {row["seat_id"]: Seat(**row) for row in rows}


async def save_released(
    conn: Connection,
    ended: Sequence[Play],
    operation_states: Sequence[str],
    *,
    pools: Mapping[PoolKey, PoolState],
    taken: Mapping[PlayerKey, Participation],
    seats: Iterable[Seat],
) -> None:
    """Plays that were never charged, and what is spoken for now in pools, limits and seats."""
    await conn.execute(
        SQL.release,
        *fields(ended, "campaign_id", "play_id", "state", "refusal", "finished_ms"),
        operation_states,
        *columns([(*key, t.draws_total, t.draws_today) for key, t in taken.items()], 4),
        *fields(seats, "campaign_id", "seat_id", "draws_reserved"),
        *columns([(*key, pool.draws_reserved) for key, pool in pools.items()], 3),
    )


async def doubt(conn: Connection, play: Play, *, next_attempt_ms: int) -> None:
    """The outcome of the play's debit is unknown; the sweeper asks again."""
    await conn.execute(SQL.doubt, play.campaign_id, play.play_id, next_attempt_ms)


async def contradict(conn: Connection, play: Play) -> None:
    """Put a play that was released, and charged after all, before a person."""
    await conn.execute(SQL.contradict, play.campaign_id, play.play_id)


async def claim_unfinished(
    conn: Connection, *, now_ms: int, until_ms: int, limit: int, with_uncharged: bool
) -> list[Play]:
    """Plays whose turn it is to be driven on; nobody else gets them before `until_ms`."""
    rows = await conn.fetch(SQL.claim_unfinished, now_ms, until_ms, limit, with_uncharged)
    return [Play(**row) for row in rows]


async def read_play(conn: Connection, campaign_id: str, play_id: UUID) -> Play | None:
    """One play, of whomever; None: no such play."""
    row = await conn.fetchrow(SQL.read_play, campaign_id, play_id)
    return None if row is None else Play(**row)


async def debit_of(conn: Connection, play: Play) -> Debit:
    """The stored bytes of a play's debit."""
    return (await debits_of(conn, [play]))[play.play_id]


async def debits_of(conn: Connection, plays: Sequence[Play]) -> dict[UUID, Debit]:
    """The stored bytes of plays' debits, by play; plays that cost nothing have none."""
    campaigns, ids = [play.campaign_id for play in plays], [play.play_id for play in plays]
    return {row["play_id"]: Debit(**row) for row in await conn.fetch(SQL.debits_of, campaigns, ids)}


async def history(
    conn: Connection, *, campaign_id: str, player_id: UUID, before: UUID, limit: int
) -> list[Play]:
    """A player's plays before a given one, newest first."""
    return [Play(**row) for row in await conn.fetch(SQL.history, campaign_id, player_id, before, limit)]


async def entry_of_seat(conn: Connection, seat: Seat) -> bytes:
    """The logged bytes of a live seat."""
    entry = await conn.fetchval(SQL.entry_of_seat, seat.campaign_id, seat.entry_index)
    assert isinstance(entry, bytes)
    return entry


async def pools_of_round(conn: Connection, campaign_id: str, round_: int) -> tuple[str, ...]:
    """The pools whose seats name a beacon round."""
    rows = await conn.fetch(SQL.pools_of_round, campaign_id, round_)
    return tuple(row["pool_id"] for row in rows)
