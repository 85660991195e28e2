"""What a seat, a beacon value and a draw must be on their own, whatever else stands in the log.

Rules of docs/fairdraw.md, sections 4 to 6, that the replay of a log and a player's own check share.
"""

from game.fair.draw import entropy_with_beacon, entropy_with_seed, link
from game.fair.entries import BeaconEntry, DrawEntry, PoolEntry, SeatEntry
from game.fair.findings import Finding
from game.fair.rounds import QUICKNET_CHAIN, round_at, round_time_ms

MIN_SEED_BYTES = 16


def check_seat(pool: PoolEntry, pool_hash: bytes, seat: SeatEntry) -> None:
    """Raise a Finding (check 4 or 5) unless the seat keeps to the terms of the pool's entry."""
    if seat.t >= pool.closes:
        raise Finding(5, "seat after the pool's time")
    if seat.pool_hash != pool_hash.hex():
        raise Finding(5, "pool_hash is not the hash of the pool's entry")
    if (pool.beacon is None) != (seat.round is None):
        raise Finding(4, "a seat names a round exactly where its pool has a beacon")
    if pool.beacon is not None and seat.round != round_at(seat.t, pool.beacon.delay):
        raise Finding(4, f"the seat names round {seat.round}, its time another")
    if pool.beacon is None and len(seat.seed) < 2 * MIN_SEED_BYTES:
        raise Finding(5, f"without a beacon the seed needs {MIN_SEED_BYTES} bytes")


def check_beacon(beacon: BeaconEntry) -> None:
    """Raise a Finding (check 4) for another beacon, or a value before its time. Not the BLS signature."""
    if beacon.chain != QUICKNET_CHAIN:
        raise Finding(4, "a value of another beacon")
    if beacon.t < round_time_ms(beacon.round):
        raise Finding(4, f"beacon of round {beacon.round} before its time")


def check_draw(pool: PoolEntry, draw: DrawEntry, *, revealed: bytes, steps: int) -> None:
    """Raise a Finding (check 6) unless the draw is in the pool's time and `steps` links before `revealed`.

    `revealed` is a value of the seat's chain that is known already: the last draw's, or the anchor.
    """
    if draw.t < pool.opens:
        raise Finding(6, "draw before the pool opens")
    if not 1 <= draw.n <= pool.seat_draws:
        raise Finding(6, f"n is {draw.n}, a seat has {pool.seat_draws} draws")
    a = bytes.fromhex(draw.a)
    for _ in range(steps):
        a = link(a)
    if a != revealed:
        raise Finding(6, "broken chain")


def seat_entropy(seat: SeatEntry, seat_leaf_hash: bytes, signature: bytes | None) -> bytes:
    """E of a seat. `signature` is its round's, None where its pool has no beacon."""
    if signature is not None:
        return entropy_with_beacon(seat_leaf_hash, signature)
    pool_hash, anchor, seed = (bytes.fromhex(value) for value in (seat.pool_hash, seat.anchor, seat.seed))
    return entropy_with_seed(pool_hash, anchor, seed)
