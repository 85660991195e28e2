"""Replay of seats, beacon values and draws (checks 4 to 8)."""

from game.fair.draw import draw_value, pick, scratch, spin
from game.fair.entries import BeaconEntry, DrawEntry, SeatEntry
from game.fair.findings import Finding
from game.fair.seats import check_beacon, check_draw, check_seat, seat_entropy
from game.fair.state import LogState, PoolState, SeatState


def apply_seat(log: LogState, entry: SeatEntry, leaf_hash: bytes) -> None:
    """A new seat in an open pool."""
    pool = _open_pool(log, entry)
    check_seat(pool.entry, pool.hash, entry)
    anchor = bytes.fromhex(entry.anchor)
    if anchor in log.anchors:
        raise Finding(5, "anchor used twice")
    if entry.tag in pool.live_tags:
        raise Finding(5, "second live seat of a tag")
    player = pool.standings.player(entry.tag)
    log.anchors.add(anchor)
    log.seats[entry.i] = pool.seats[entry.i] = SeatState(entry, leaf_hash, pool, anchor, player)
    pool.seated += 1
    pool.live_tags.add(entry.tag)
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


def may_draw(log: LogState, seat: SeatState, *, t_ms: int) -> bool:
    """Whether the log's next draw may be this seat's: what `apply_draw` asks beside n, chain and row."""
    pool, round_ = seat.pool, seat.entry.round
    in_turn = not pool.undrawn_sealed or pool.undrawn_sealed[0] == seat.entry.i
    public = round_ is None or round_ in log.signatures
    return in_turn and public and pool.replaced_by is None and t_ms >= pool.entry.opens


def apply_draw(log: LogState, entry: DrawEntry) -> None:
    """The next draw of a seat: its place in the chain, and the row that the replay comes to."""
    seat = _drawing_seat(log, entry)
    pool = seat.pool
    entropy = entropy_of(log, seat)
    a = bytes.fromhex(entry.a)
    x = draw_value(a, entropy, entry.n)
    pay(pool, seat.player, x, row_id=entry.row)
    seat.revealed, seat.taken = a, entry.n
    if entry.n == pool.entry.seat_draws:
        use_up(log, seat)


def pay(pool: PoolState, player: int, x: int, *, row_id: str) -> None:
    """Count a player's next draw, which must pay this row."""
    row = _spin(pool, player, x) if pool.entry.game == "wheel" else _scratch(pool, x)
    replayed = pool.entry.rows[row].id
    if replayed != row_id:
        raise Finding(7, f"wrong row {row_id}, the replay says {replayed}")
    _count(pool, player, row=row, x=x)


def use_up(log: LogState, seat: SeatState) -> None:
    """Keep of a seat without draws left what the close asks for."""
    pool, index = seat.pool, seat.entry.i
    if pool.entry.sealed:
        pool.undrawn_sealed.popleft()
    pool.live_tags.discard(seat.entry.tag)
    pool.used += index.to_bytes(8, "big") + bytes.fromhex(seat.entry.id) + seat.revealed
    del pool.seats[index], log.seats[index]


def _drawing_seat(log: LogState, entry: DrawEntry) -> SeatState:
    seat = log.seats.get(entry.seat)
    if seat is None:
        raise Finding(6, f"entry {entry.seat} is no seat that has a draw left")
    pool = seat.pool
    if pool.replaced_by is not None:
        raise Finding(6, "draw in a replaced pool")
    if entry.n != seat.taken + 1:
        raise Finding(6, f"n is {entry.n} after {seat.taken}")
    check_draw(pool.entry, entry, revealed=seat.revealed, steps=1)
    if pool.undrawn_sealed and pool.undrawn_sealed[0] != entry.seat:
        raise Finding(6, "sealed draws out of order")
    return seat


def _spin(pool: PoolState, player: int, x: int) -> int:
    return spin(pool.entry, pool.left, pool.standings.of(player), x).row


def _scratch(pool: PoolState, x: int) -> int:
    left = pool.tickets_left()
    if sum(left) == 0:
        raise Finding(8, "draw from an empty urn")
    return scratch(left, x).row


def _count(pool: PoolState, player: int, *, row: int, x: int) -> None:
    left = pool.left[row]
    if left is not None:
        pool.left[row] = left - 1
    pool.draws += 1
    pool.statistics.drawn[pick(pool.weights, x)] += 1
    pool.standings.pay_one(player, row)
