"""What the clerk reads and writes of logs. Connection first."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from game.audit.service import Growth, Head, head_of, log_rows
from game.db.connection import Connection
from game.db.statements import columns
from game.fair.draw import Standing
from game.ledger.service import RESEND_AFTER_MS, Credit
from game.players import account_of
from game.plays.drawing import Drawn, Page
from game.plays.rules import Play, Seat, Seated, State
from game.plays.settling import Settling, next_attempt_ms
from game.plays.store import SQL, PlayerKey, PoolKey, fields, rows_of, struct_of
from game.prizes.service import Won, grant_row

QUEUE_LIMIT = 512
# One that drains accepts no play, and yet seats the sealed plays that are paid by now.
TAKING_SEATS = ("live", "draining")

# A campaign, a pool or a line of pools, and a player.
PlaceKey = tuple[str, str, UUID]


class LeftOf(msgspec.Struct, frozen=True):
    """Whether a pool still takes seats, and what is left of each of its rows."""

    takes_seats: bool
    left: list[int | None]


class UnderLog(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of logs: plays by id, accounts in the core ledger by player, all else by campaign.

    Players who were never seated in a line of pools have no standing there. `is_told`: a brand may have to be
    told of what is won.
    """

    heads: Mapping[str, Head]
    plays: dict[UUID, Play]
    seats: Mapping[str, dict[bytes, Seat]]
    standings: Mapping[str, dict[tuple[str, UUID], Seated]]
    pools: Mapping[str, dict[str, LeftOf]]
    accounts: dict[UUID, str]
    is_told: bool


async def lock_played(
    conn: Connection, *, plays: Collection[PlayerKey], places: Collection[PlaceKey]
) -> None:
    """Lock plays by (campaign, play) with their seats, and the live or offered seats at places."""
    await conn.execute(SQL.lock_played, sorted(plays), *columns(sorted(places), 3))


async def read_under_log(
    conn: Connection, *, plays: Collection[PlayerKey], places: Collection[PlaceKey], pools: Sequence[PoolKey]
) -> UnderLog:
    """Plays by (campaign, play) with their seats, live or offered seats at places, and the logs of pools."""
    rows = await conn.fetch(SQL.under_log, sorted(plays), *columns(sorted(places), 3), *columns(pools, 2))
    logs: Any = next((row for row in rows if row["is_told"] is not None), _NO_LOGS)
    found = UnderLog(
        heads={row[0]: head_of(*row) for row in logs["heads"] or ()},
        plays={},
        seats=defaultdict(dict),
        standings=defaultdict(dict),
        pools=defaultdict(dict),
        accounts={},
        is_told=logs["is_told"],
    )
    for campaign_id, pool_id, state, left in logs["pools"] or ():
        found.pools[campaign_id][pool_id] = LeftOf(state in TAKING_SEATS, _units(left))
    for row in rows:
        _add(found, row)
    return found


# What the first row tells besides, where there is none.
_NO_LOGS: Final = {"heads": (), "pools": (), "is_told": False}
_PLAY = len(Play.__struct_fields__)
_SEAT = _PLAY + len(Seat.__struct_fields__)


def _add(found: UnderLog, row: Any) -> None:
    campaign_id, lineage_id, player_id, tag, draws, paid, last, brand_id, subject = row[_SEAT : _SEAT + 9]
    if row[0] is not None:
        play = struct_of(Play, row[:_PLAY])
        found.plays[play.play_id] = play
    if row[_PLAY] is not None:
        seat = struct_of(Seat, row[_PLAY:_SEAT])
        found.seats[campaign_id][seat.seat_id] = seat
    if tag is not None:
        standing = Standing(draws=draws, paid=_numbers(paid), last=_numbers(last))
        seated = Seated(lineage_id=lineage_id, player_id=player_id, tag=tag, standing=standing)
        found.standings[campaign_id][lineage_id, player_id] = seated
    if subject is not None:
        found.accounts[player_id] = account_of(brand_id=brand_id, subject=subject)


def _numbers(text: str) -> tuple[int, ...]:
    """An integer array as PostgreSQL writes it: within a record the driver reads no arrays."""
    return tuple(map(int, text[1:-1].split(",")))


def _units(text: str) -> list[int | None]:
    return [None if each == "NULL" else int(each) for each in text[1:-1].split(",")]


async def beacon_values(
    conn: Connection, keys: Collection[tuple[str, int]]
) -> Mapping[str, dict[int, bytes]]:
    """Signatures of rounds by campaign, as far as they stand in its log."""
    found: defaultdict[str, dict[int, bytes]] = defaultdict(dict)
    rows = await conn.fetch(SQL.beacon_values, *columns(sorted(keys), 2)) if keys else []
    for campaign_id, round_, signature in rows:
        if signature is not None:
            found[campaign_id][round_] = signature
    return found


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


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """A page that was filled, the plays that it drives on, and the states that they were read in."""

    page: Page
    settling: Settling
    states: Mapping[UUID, State]


class Gains(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored with plays that are settled by one statement: all of it is in no other.

    Heads that are `unchanged` have to be as they were read, as those have to be that grow.
    """

    growths: Sequence[Growth] = ()
    unchanged: Sequence[Head] = ()
    prizes: Sequence[Won] = ()
    credits: Sequence[Credit] = ()


async def save_pages(conn: Connection, settled: Sequence[Settled], *, now_ms: int) -> None:
    """The rows that follow from pages of several logs, whose entries are in these already."""
    pages = [each.page for each in settled]
    if any(page.newcomers for page in pages):
        newcomers = _standing_rows((page, page.newcomers) for page in pages)
        await conn.execute(SQL.add_standings, *columns(newcomers, 7))
    if any(page.written_seats for page in pages):
        await _save_seats(conn, [page.seats[key] for page in pages for key in page.written_seats])
    if any(page.beacons for page in pages):
        beacons = [
            (page.campaign_id, key, page.rounds[key], index)
            for page in pages
            for key, index in page.beacons.items()
        ]
        await conn.execute(SQL.save_beacons, *columns(beacons, 4))
    if any(each.settling.changed for each in settled):
        await settle(conn, settled, Gains(), now_ms=now_ms)


async def _save_seats(conn: Connection, seats: Sequence[Seat]) -> None:
    await conn.execute(SQL.save_seats, *fields(seats, *_SEAT_FIELDS))
    rounds = sorted({(seat.campaign_id, seat.round) for seat in seats if seat.round is not None})
    if rounds:
        await conn.execute(SQL.await_rounds, *columns(rounds, 2))


_SEAT_FIELDS = (
    "campaign_id", "seat_id", "pool_id", "player_id", "state", "anchor", "seed", "entry_index", "leaf_hash",
    "round", "seat_draws", "draws_reserved", "draws_taken",
)  # fmt: skip


def _standing_rows(
    pages: Iterable[tuple[Page, Iterable[tuple[str, UUID]]]],
) -> Iterator[tuple[str, str, UUID, int, str, str, bytes]]:
    for page, keys in pages:
        for key in sorted(keys):
            who = page.standings[key]
            counts = (who.standing.draws, _array(who.standing.paid), _array(who.standing.last))
            yield (page.campaign_id, *key, *counts, who.tag)


def _array(numbers: Iterable[int]) -> str:
    """An integer array as PostgreSQL reads it: columns of arrays cannot be unnested row by row."""
    return "{" + ",".join(map(str, numbers)) + "}"


async def settle(conn: Connection, settled: Sequence[Settled], gains: Gains, *, now_ms: int) -> None:
    """Store plays that have changed, and what follows from that, in one statement; pages come in key order.

    A SerializationError: a log or a play is not as it was read, or there is somebody to be told of a prize,
    and nothing was stored.
    """
    plays = [_play_row(each, key, now_ms=now_ms) for each in settled for key in sorted(each.settling.changed)]
    pages = [each.page for each in settled]
    won = Counter((page.campaign_id, d.pool_id, d.row_ordinal) for page in pages for d in page.draws)
    seats = [page.seats[seat_id] for page in pages for seat_id in sorted(page.drawn_seats)]
    drawers = _standing_rows((page, page.drawers) for page in pages)
    await conn.execute(
        SQL.settle,
        *log_rows(gains.growths, gains.unchanged),
        plays,
        [_draw_row(page, drawn) for page in pages for drawn in page.draws],
        rows_of(seats, "campaign_id", "seat_id", "state", "draws_taken"),
        [row[:-1] for row in drawers],
        *columns([(*key, units) for key, units in won.items()], 4),
        list(map(grant_row, gains.prizes)),
        now_ms,
        list(map(msgspec.structs.astuple, gains.credits)),
        now_ms + RESEND_AFTER_MS,
    )


def _play_row(settled: Settled, play_id: UUID, *, now_ms: int) -> Sequence[Any]:
    page, play = settled.page, settled.settling.plays[play_id]
    funded = settled.settling.funded.get(play_id)
    seat = page.seats.get(play.seat_id) if play.seat_id else None
    return (
        page.campaign_id,
        play.play_id,
        play.state,
        play.drawn,
        play.seat_id,
        play.balance_points,
        play.finished_ms,
        play.log_size,
        next_attempt_ms(seat, now_ms=now_ms),
        None if funded is None else funded.ledger_seq,
        settled.states[play_id],
    )


def _draw_row(page: Page, drawn: Drawn) -> Sequence[Any]:
    return (
        page.campaign_id,
        drawn.entry_index,
        drawn.play_id,
        drawn.nth,
        drawn.seat_id,
        drawn.n,
        drawn.row_ordinal,
    )
