"""What accepting plays reads, and the one statement that stores them. Connection first."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec

from game.campaigns.rules import Participation, PoolState
from game.db.connection import Connection
from game.db.statements import columns
from game.plays import store
from game.plays.rules import Accepted, Asked, Debit, Lot, Play, Seat
from game.plays.store import SQL, PlayerKey, PoolKey, SeatKey, rows_of

PlayKey = tuple[str, UUID, str]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What plays are judged by, as it stands. Who is not in `taken` has not played in the campaign yet.

    `known` are plays that were accepted before under the keys that are asked with; `waiting` counts plays of
    sealed pools that are not finished.
    """

    pools: dict[PoolKey, PoolState]
    taken: dict[PlayerKey, Participation]
    seats: dict[SeatKey, Seat]
    lots: dict[PlayerKey, tuple[Lot, ...]]
    known: dict[PlayKey, Play]
    waiting: Counter[SeatKey]


def pool_key(asked: Asked) -> PoolKey:
    """The pool that a play is asked of."""
    return asked.terms.campaign_id, asked.terms.pool_id


def player_key(asked: Asked) -> PlayerKey:
    """Who asks, and in which campaign."""
    return asked.terms.campaign_id, asked.player_id


def seat_key(asked: Asked) -> SeatKey:
    """Whose seat a play needs, and in which pool."""
    return asked.terms.campaign_id, asked.terms.pool_id, asked.player_id


def play_key(asked: Asked) -> PlayKey:
    """What a play has in common with its retries alone."""
    return asked.terms.campaign_id, asked.player_id, asked.idempotency_key


async def find(conn: Connection, batch: Sequence[Asked], *, now_ms: int) -> Found:
    """What these plays are judged by; pools, counts and seats are of one moment."""
    keys = [(*seat_key(each), each.idempotency_key) for each in batch]
    rows = await conn.fetch(SQL.standpoints, keys)
    known = {play_key(each) for each, row in zip(batch, rows, strict=True) if row["is_known"]}
    sealed = [seat_key(each) for each in batch if each.terms.is_sealed]
    with_chances = [player_key(each) for each in batch if each.paid_with == "chance"]
    found = Found(
        pools={},
        taken={},
        seats={},
        lots=await store.lock_lots(conn, with_chances, now_ms=now_ms) if with_chances else {},
        known=await store.find_plays(conn, list(known)) if known else {},
        waiting=await store.count_unfinished(conn, sealed) if sealed else Counter(),
    )
    for each, row in zip(batch, rows, strict=True):
        _add(found, each, row)
    return found


def _add(found: Found, asked: Asked, row: Any) -> None:
    _, campaign_state, pool_state, accepting, pool_reserved, cap, replaced_by, total, day, today, *seat = row
    if pool_state is not None and pool_key(asked) not in found.pools:
        found.pools[pool_key(asked)] = PoolState(
            campaign_state=campaign_state,
            state=pool_state,
            accepting=accepting,
            draws_reserved=pool_reserved,
            draws_cap=cap,
            replaced_by=replaced_by,
        )
    if day is not None:
        found.taken[player_key(asked)] = Participation(draws_total=total, day=day, draws_today=today)
    if seat[0] is not None:
        found.seats[seat_key(asked)] = _seat(asked, *seat)


def _seat(asked: Asked, seat_id: bytes, state: Any, anchor: bytes, *rest: Any) -> Seat:
    seed, entry_index, leaf_hash, round_, seat_draws, draws_reserved, draws_taken = rest
    return Seat(
        campaign_id=asked.terms.campaign_id,
        seat_id=seat_id,
        pool_id=asked.terms.pool_id,
        player_id=asked.player_id,
        state=state,
        anchor=anchor,
        seed=seed,
        entry_index=entry_index,
        leaf_hash=leaf_hash,
        round=round_,
        seat_draws=seat_draws,
        draws_reserved=draws_reserved,
        draws_taken=draws_taken,
    )


async def save(
    conn: Connection,
    accepted: Sequence[Accepted],
    debits: Sequence[Debit],
    *,
    found: Found,
    next_attempt_ms: int,
) -> None:
    """Store plays that were judged by `found`, with the bytes of their debits and what they reserve.

    One of CONFLICTS: something of it has changed, and nothing was stored.
    """
    uses = [(item.play.campaign_id, item.play.play_id, *use) for item in accepted for use in item.uses]
    counted = _counted(accepted, found)
    await conn.execute(
        SQL.accept,
        *columns(_reserved(accepted), 3),
        counted,
        sum(total_before is None for *_, total_before, _, _ in counted),
        _seated(accepted, found),
        *columns(_used(uses, found), 3),
        rows_of((item.play for item in accepted), *_ACCEPTED_FIELDS),
        next_attempt_ms,
        rows_of(debits, "campaign_id", "operation_id", "play_id", "subject", "body"),
        *columns(uses, 4),
    )


_ACCEPTED_FIELDS = (
    "campaign_id", "play_id", "player_id", "pool_id", "idempotency_key", "request_digest", "state", "draws",
    "paid_with", "price_points", "day", "seat_id", "accepted_ms", "apply_before_ms",
)  # fmt: skip


# The rows of a table are locked in the order of these lists, unless it is so small that it is read whole.


def _reserved(accepted: Iterable[Accepted]) -> list[tuple[str, str, int]]:
    draws: Counter[PoolKey] = Counter()
    for item in accepted:
        draws[item.play.campaign_id, item.play.pool_id] += item.play.draws
    return [(*key, draws[key]) for key in sorted(draws)]


def _counted(accepted: Iterable[Accepted], found: Found) -> list[tuple[Any, ...]]:
    after = {(item.play.campaign_id, item.play.player_id): item.after.taken for item in accepted}
    return [(*key, *_counts(after[key]), *_counts(found.taken.get(key))) for key in sorted(after)]


def _counts(taken: Participation | None) -> tuple[Any, ...]:
    return (None, None, None) if taken is None else (taken.draws_total, taken.day, taken.draws_today)


def _seated(accepted: Iterable[Accepted], found: Found) -> list[tuple[Any, ...]]:
    after = {
        (seat.campaign_id, seat.seat_id): seat
        for item in accepted
        if item.play.seat_id is not None and (seat := item.after.seat) is not None
    }
    return [
        (*key, after[key].draws_reserved, _before(after[key], found).draws_reserved) for key in sorted(after)
    ]


def _before(seat: Seat, found: Found) -> Seat:
    return found.seats[seat.campaign_id, seat.pool_id, seat.player_id]


def _used(uses: Iterable[tuple[str, UUID, UUID, int]], found: Found) -> list[tuple[str, UUID, int]]:
    units: Counter[UUID] = Counter()
    for _, _, lot_id, each in uses:
        units[lot_id] += each
    lots = (lot for of_player in found.lots.values() for lot in of_player)
    return [(lot.campaign_id, lot.lot_id, units[lot.lot_id]) for lot in lots if lot.lot_id in units]
