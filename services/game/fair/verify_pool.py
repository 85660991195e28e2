"""Replay of the entries about a pool: its table, its notices, its close (checks 3, 8 and 9)."""

import struct

from game.fair.draw import chain, commit
from game.fair.entries import CloseEntry, NoticeEntry, PoolEntry
from game.fair.findings import Finding
from game.fair.lapsing import Lapsing
from game.fair.standings import Standings
from game.fair.state import LogState, PoolState, SeatState
from game.fair.tables import check_pool, check_replacement
from game.fair.verify_seat import entropy_of

DAY_MS = 86_400_000
USED_SEAT_BYTES = 8 + 16 + 32


def apply_pool(log: LogState, entry: PoolEntry, leaf_hash: bytes) -> None:
    """A new pool, from scratch or in place of another one."""
    check_pool(entry)
    if entry.pool in log.pool_ids:
        raise Finding(3, f"pool id {entry.pool} stands twice")
    if entry.commit in log.commits:
        raise Finding(3, "commit used twice")
    standings = None if entry.replaces is None else _replace(log, entry, entry.replaces).standings
    log.pools[entry.i] = PoolState.of(entry, leaf_hash, standings)
    log.pool_ids.add(entry.pool)
    log.commits.add(entry.commit)


def _replace(log: LogState, entry: PoolEntry, replaces: int) -> PoolState:
    old = log.pools.get(replaces)
    if old is None:
        raise Finding(3, f"entry {replaces}, which it replaces, is no pool", field="replaces")
    check_replacement(
        old.entry,
        old.left,
        entry,
        closed=old.closed,
        replaced=old.replaced_by is not None,
        undrawn_sealed_seats=len(old.undrawn_sealed),
    )
    old.replaced_by = entry.i
    return old


def apply_notice(log: LogState, entry: NoticeEntry) -> None:
    """A statement about a pool, closed or not."""
    pool_at(log, entry.pool)


def pool_at(log: LogState, index: int) -> PoolState:
    """The pool whose entry has this index."""
    pool = log.pools.get(index)
    if pool is None:
        raise Finding(5, f"entry {index} is no pool")
    return pool


def apply_close(log: LogState, entry: CloseEntry) -> None:
    """The close of a pool: its secret must open the commit and every seat's anchor."""
    pool = pool_at(log, entry.pool)
    _check_time(pool, entry)
    if entry.t > pool.entry.closes + DAY_MS:
        log.warnings.append(late_close(pool))
    secret = bytes.fromhex(entry.secret)
    if commit(secret).hex() != pool.entry.commit:
        raise Finding(9, "the secret does not open the commit")
    if entry.draws != pool.draws:
        raise Finding(8, f"{pool.draws} draws stand in the log, the close says {entry.draws}")
    if pool.undrawn_sealed:
        raise Finding(9, f"{len(pool.undrawn_sealed)} sealed seats are without their draw")
    _check_used(pool, secret)
    untaken = Lapsing(pool, log.observer)
    for seat in pool.seats.values():
        _close_seat(log, seat, secret, untaken)
    untaken.count()
    _forget(log, pool)


def late_close(pool: PoolState) -> str:
    """The warning about a pool that stayed open for too long."""
    return f"pool {pool.entry.pool}: not closed within a day after its time"


def _check_time(pool: PoolState, entry: CloseEntry) -> None:
    if pool.closed:
        raise Finding(9, "closed twice")
    sold_out = pool.entry.game == "scratch" and sum(pool.tickets_left()) == 0
    if entry.t < pool.entry.closes and not sold_out and pool.replaced_by is None:
        raise Finding(9, "closed early")


def _check_used(pool: PoolState, secret: bytes) -> None:
    """From the last value of a chain to the anchor every link was checked with its draw."""
    for at in range(0, len(pool.used), USED_SEAT_BYTES):
        index, seat_id, last = struct.unpack_from(">Q16s32s", pool.used, at)
        if chain(secret, seat_id, 0) != (last,):
            raise _not_derived(index)


def _close_seat(log: LogState, seat: SeatState, secret: bytes, untaken: Lapsing) -> None:
    values = chain(secret, bytes.fromhex(seat.entry.id), seat.pool.entry.seat_draws - seat.taken)
    if values[0] != seat.revealed:
        raise _not_derived(seat.entry.i)
    untaken.add(seat, values, entropy_of(log, seat))


def _not_derived(seat: int) -> Finding:
    return Finding(9, f"the anchor of seat {seat} is not derived from the secret")


def _forget(log: LogState, pool: PoolState) -> None:
    """Keep of a closed pool only what the report and later entries need."""
    pool.closed = True
    for index in pool.seats:
        del log.seats[index]
    pool.seats = {}
    pool.used = bytearray()
    pool.standings = Standings(len(pool.entry.rows))
    pool.live_tags = set()
