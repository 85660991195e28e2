"""Replay of seats, beacon values and draws (checks 4 to 8)."""

from game.fair.draw import draw_value, scratch, spin
from game.fair.entries import BeaconEntry, DrawEntry, SeatEntry
from game.fair.findings import Finding
from game.fair.seats import check_beacon, check_draw, check_seat, seat_entropy
from game.fair.state import LogState, PoolState, SeatState
from game.fair.statistics import count_drawn


def apply_seat(log: LogState, entry: SeatEntry, leaf_hash: bytes) -> None:
    """A new seat in an open pool."""
    pool = _open_pool(log, entry)
    check_seat(pool.entry, pool.hash, entry)
    if entry.anchor in log.anchors:
        raise Finding(5, "anchor used twice")
    if entry.tag in pool.live_tags:
        raise Finding(5, "second live seat of a tag")
    seat = SeatState(entry, leaf_hash, pool, revealed=bytes.fromhex(entry.anchor))
    log.anchors.add(entry.anchor)
    log.seats[entry.i] = seat
    pool.live_tags.add(entry.tag)
    pool.seats.append(seat)
    if pool.entry.sealed:
        pool.undrawn_sealed.append(entry.i)


def _open_pool(log: LogState, entry: SeatEntry) -> PoolState:
    pool = log.pools.get(entry.pool)
    if pool is None:
        raise Finding(5, f"entry {entry.pool} is no pool")
    if pool.closed:
        raise Finding(5, "seat after the close")
    if pool.replaced_by is not None:
        raise Finding(5, "seat in a replaced pool")
    return pool


def apply_beacon(log: LogState, entry: BeaconEntry) -> None:
    """The value of one round, once per log and not before its time."""
    check_beacon(entry)
    if entry.round in log.signatures:
        raise Finding(4, f"beacon of round {entry.round} stands twice")
    log.signatures[entry.round] = bytes.fromhex(entry.sig)


def entropy_of(log: LogState, seat: SeatState) -> bytes:
    """E of a seat whose beacon value, where it needs one, stands in the log already."""
    if seat.entropy is None:
        round_ = seat.entry.round
        signature = None if round_ is None else log.signatures.get(round_)
        if round_ is not None and signature is None:
            raise Finding(4, f"beacon of round {round_} is missing")
        seat.entropy = seat_entropy(seat.entry, seat.leaf_hash, signature)
    return seat.entropy


def apply_draw(log: LogState, entry: DrawEntry) -> None:
    """The next draw of a seat: its place in the chain, and the row that the replay comes to."""
    seat = _drawing_seat(log, entry)
    pool = seat.pool
    entropy = entropy_of(log, seat)
    a = bytes.fromhex(entry.a)
    x = draw_value(a, entropy, entry.n)
    row = _spin(pool, seat.entry.tag, x) if pool.entry.game == "wheel" else _scratch(pool, x)
    replayed = pool.entry.rows[row].id
    if replayed != entry.row:
        raise Finding(7, f"wrong row {entry.row}, the replay says {replayed}")
    seat.revealed, seat.taken = a, entry.n
    _count(pool, seat, row=row, x=x)


def _drawing_seat(log: LogState, entry: DrawEntry) -> SeatState:
    seat = log.seats.get(entry.seat)
    if seat is None:
        raise Finding(6, f"entry {entry.seat} is no seat of a pool that is not closed")
    pool = seat.pool
    if pool.replaced_by is not None:
        raise Finding(6, "draw in a replaced pool")
    if entry.n != seat.taken + 1:
        raise Finding(6, f"n is {entry.n} after {seat.taken}")
    check_draw(pool.entry, entry, revealed=seat.revealed, steps=1)
    if pool.undrawn_sealed and pool.undrawn_sealed[0] != entry.seat:
        raise Finding(6, "sealed draws out of order")
    return seat


def _spin(pool: PoolState, tag: str, x: int) -> int:
    standing = pool.standing(tag)
    row = spin(pool.entry, pool.left, standing, x).row
    pool.standings[tag] = standing.after(row)
    return row


def _scratch(pool: PoolState, x: int) -> int:
    left = pool.tickets_left()
    if sum(left) == 0:
        raise Finding(8, "draw from an empty urn")
    return scratch(left, x).row


def _count(pool: PoolState, seat: SeatState, *, row: int, x: int) -> None:
    left = pool.left[row]
    if left is not None:
        pool.left[row] = left - 1
    pool.draws += 1
    count_drawn(pool, x)
    if pool.entry.sealed:
        pool.undrawn_sealed.popleft()
    if seat.taken == pool.entry.seat_draws:
        pool.live_tags.discard(seat.entry.tag)
