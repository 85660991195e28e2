"""What the clerk reads and writes under the log's lock. Connection first."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from game.db.connection import Connection
from game.db.statements import columns
from game.fair.draw import Standing
from game.plays.drawing import Page
from game.plays.rules import Play, Seat, Seated
from game.plays.settling import Settling, next_attempt_ms
from game.plays.store import SQL, fields

QUEUE_LIMIT = 512
# One that drains accepts no play, and yet seats the sealed plays that are paid by now.
TAKING_SEATS = ("live", "draining")


async def pools_under_log(
    conn: Connection, campaign_id: str, pool_ids: Collection[str]
) -> dict[str, tuple[bool, list[int | None]]]:
    """Per pool, whether it still takes seats and what is left of each row."""
    rows = await conn.fetch(SQL.pools_under_log, campaign_id, list(pool_ids))
    return {row["pool_id"]: (row["state"] in TAKING_SEATS, list(row["units_left"])) for row in rows}


async def seats_of(
    conn: Connection, campaign_id: str, seat_ids: Collection[bytes], places: Iterable[tuple[str, UUID]]
) -> dict[bytes, Seat]:
    """Seats by id, and the live or offered ones of players in pools; locked in one order, as plays do."""
    keys = [(campaign_id, *place) for place in sorted(set(places))]
    at_places = await conn.fetch(SQL.live_seat_ids, *columns(keys, 3)) if keys else []
    wanted = {*seat_ids, *(row["seat_id"] for row in at_places)}
    found = await conn.fetch(SQL.lock_seats, campaign_id, list(wanted)) if wanted else []
    return {row["seat_id"]: Seat(**row) for row in found}


async def standings_of(
    conn: Connection, campaign_id: str, keys: Iterable[tuple[str, UUID]]
) -> dict[tuple[str, UUID], Seated]:
    """Pseudonyms and counts of players in lines of pools; those never seated are absent."""
    rows = await conn.fetch(SQL.standings, campaign_id, *columns(sorted(set(keys)), 2))
    return {(row["lineage_id"], row["player_id"]): _seated(row) for row in rows}


def _seated(row: Any) -> Seated:
    standing = Standing(draws=row["draws"], paid=tuple(row["paid"]), last=tuple(row["last"]))
    return Seated(lineage_id=row["lineage_id"], player_id=row["player_id"], tag=row["tag"], standing=standing)


async def beacon_values(conn: Connection, campaign_id: str, rounds: Collection[int]) -> dict[int, bytes]:
    """Signatures of rounds, as far as they stand in the log."""
    if not rounds:
        return {}
    rows = await conn.fetch(SQL.beacon_values, campaign_id, list(rounds))
    return {row["round"]: row["signature"] for row in rows if row["signature"] is not None}


async def plays_of_rounds(
    conn: Connection, campaign_id: str, rounds: Collection[int], limit: int
) -> list[UUID]:
    """Paid plays that wait for these rounds, in the order of their seats."""
    rows = await conn.fetch(SQL.plays_of_rounds, campaign_id, list(rounds), limit)
    return [row["play_id"] for row in rows]


async def sealed_queue(conn: Connection, campaign_id: str, pool_id: str) -> list[UUID]:
    """The plays of a sealed pool that wait for their draw, in the order of their seats."""
    rows = await conn.fetch(SQL.sealed_queue, campaign_id, pool_id, QUEUE_LIMIT)
    return [row["play_id"] for row in rows]


async def save_page(conn: Connection, page: Page, settling: Settling, *, now_ms: int) -> None:
    """The rows that follow from a page whose entries are in the log already."""
    campaign_id = page.campaign_id
    if page.newcomers:
        tags = [page.standings[key].tag for key in sorted(page.newcomers)]
        await conn.execute(SQL.add_standings, campaign_id, *_standing_columns(page, page.newcomers), tags)
    if page.written_seats:
        seats = [page.seats[seat_id] for seat_id in page.written_seats]
        await conn.execute(SQL.save_seats, campaign_id, *fields(seats, *_SEAT_FIELDS))
        rounds = sorted({seat.round for seat in seats if seat.round is not None})
        if rounds:
            await conn.execute(SQL.await_rounds, campaign_id, rounds)
    if page.beacons:
        beacons = [(round_, page.rounds[round_], index) for round_, index in page.beacons.items()]
        await conn.execute(SQL.save_beacons, campaign_id, *columns(beacons, 3))
    if settling.changed:
        await _save_plays(conn, page, settling, now_ms=now_ms)


_SEAT_FIELDS = (
    "seat_id", "pool_id", "player_id", "state", "anchor", "seed", "entry_index", "leaf_hash", "round",
    "seat_draws", "draws_reserved", "draws_taken",
)  # fmt: skip


def _standing_columns(page: Page, keys: Iterable[tuple[str, UUID]]) -> list[list[Any]]:
    rows = (page.standings[key] for key in sorted(keys))
    return columns(
        (
            (
                s.lineage_id,
                s.player_id,
                s.standing.draws,
                _array(s.standing.paid),
                _array(s.standing.last),
            )
            for s in rows
        ),
        5,
    )


def _array(numbers: Iterable[int]) -> str:
    """An integer array as PostgreSQL reads it: columns of arrays cannot be unnested row by row."""
    return "{" + ",".join(map(str, numbers)) + "}"


async def _save_plays(conn: Connection, page: Page, settling: Settling, *, now_ms: int) -> None:
    plays = [settling.plays[play_id] for play_id in sorted(settling.changed)]
    charged = [
        (p.play_id, settling.funded[p.play_id].ledger_seq) for p in plays if p.play_id in settling.funded
    ]
    won = Counter((drawn.pool_id, drawn.row_ordinal) for drawn in page.draws)
    await conn.execute(
        SQL.settle,
        page.campaign_id,
        *columns((_play_row(page, play, now_ms=now_ms) for play in plays), 8),
        *columns(charged, 2),
        *columns(((d.entry_index, d.play_id, d.nth, d.seat_id, d.n, d.row_ordinal) for d in page.draws), 6),
        *fields((page.seats[seat_id] for seat_id in page.drawn_seats), "seat_id", "state", "draws_taken"),
        *_standing_columns(page, page.drawers),
        *columns([(*key, units) for key, units in won.items()], 3),
    )


def _play_row(page: Page, play: Play, *, now_ms: int) -> Sequence[Any]:
    seat = page.seats.get(play.seat_id) if play.seat_id else None
    return (
        play.play_id,
        play.state,
        play.drawn,
        play.seat_id,
        play.balance_points,
        play.finished_ms,
        play.log_size,
        next_attempt_ms(seat, now_ms=now_ms),
    )
