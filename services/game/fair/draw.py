"""From a secret and a seat to the row that is paid (docs/fairdraw.md, sections 3, 5 and 6).

The service draws with these functions and the auditor replays with them.
"""

import hashlib
import hmac
from collections.abc import Iterable, Sequence

import msgspec

from game.fair.entries import PoolEntry, UrnRow, WheelRow, wheel_rows

_POOL = b"fairdraw/1 pool\n"
_LINK = b"fairdraw/1 link\n"
_JOIN = b"fairdraw/1 join\n"
_DRAW = b"fairdraw/1 draw\n"
_SEAT = b"fairdraw/1 seat\n"


def commit(secret: bytes) -> bytes:
    """What is published of a pool's secret of 32 bytes before its close."""
    assert len(secret) == 32
    return hashlib.sha256(_POOL + secret).digest()


def chain(secret: bytes, seat_id: bytes, seat_draws: int) -> tuple[bytes, ...]:
    """a_0 … a_L of one seat: a_0 is its anchor, a_n is revealed with its n-th draw."""
    assert len(seat_id) == 16
    links = [hmac.digest(secret, _SEAT + seat_id, "sha256")]
    for _ in range(seat_draws):
        links.append(link(links[-1]))
    return tuple(reversed(links))


def link(a: bytes) -> bytes:
    """The value of a seat's chain that stands before `a`."""
    return hashlib.sha256(_LINK + a).digest()


def entropy_with_beacon(seat_leaf_hash: bytes, signature: bytes) -> bytes:
    """E of a seat in a pool with a beacon; `signature` is the one of the round that the seat names."""
    return hashlib.sha256(_JOIN + seat_leaf_hash + hashlib.sha256(signature).digest()).digest()


def entropy_with_seed(pool_hash: bytes, anchor: bytes, seed: bytes) -> bytes:
    """E of a seat in a pool without a beacon: only what stood before the seed was chosen, and the seed."""
    return hashlib.sha256(_JOIN + pool_hash + anchor + hashlib.sha256(seed).digest()).digest()


def draw_value(a_n: bytes, entropy: bytes, n: int) -> int:
    """X of the n-th draw of a seat: 0 … 2^256-1."""
    return int.from_bytes(draw_digest(a_n, entropy, n), "big")


def draw_digest(a_n: bytes, entropy: bytes, n: int) -> bytes:
    """The 32 bytes that X is."""
    return hashlib.sha256(_DRAW + a_n + entropy + n.to_bytes(4, "big")).digest()


def scale(x: int, total: int) -> int:
    """A number 0 … total-1. Uses the whole digest: the bias is below 2^-224."""
    return x * total >> 256


def walk(weights: Iterable[int], r: int) -> int:
    """The index that `r` falls on, 0 <= r < sum(weights): each index is hit by exactly its weight of r."""
    assert r >= 0
    for index, weight in enumerate(weights):
        if r < weight:
            return index
        r -= weight
    raise AssertionError("r is not below the sum of the weights")


def pick(weights: Sequence[int], x: int) -> int:
    """The index that X picks from a whole table of weights or counts."""
    return walk(weights, scale(x, sum(weights)))


class Standing(msgspec.Struct, frozen=True):
    """One player's counts in one pool and in those that it continues.

    `draws` is how many the player made, `paid` how often each row was paid, `last` the ordinal of the
    draw that paid each row last, 0 for never.
    """

    draws: int
    paid: tuple[int, ...]
    last: tuple[int, ...]

    @classmethod
    def fresh(cls, rows: int) -> "Standing":
        """The standing of a player who has not drawn yet, for a table of so many rows."""
        return cls(draws=0, paid=(0,) * rows, last=(0,) * rows)

    def after(self, row: int) -> "Standing":
        """The standing once one more draw has paid this row."""
        ordinal = self.draws + 1
        paid = (*self.paid[:row], self.paid[row] + 1, *self.paid[row + 1 :])
        last = (*self.last[:row], ordinal, *self.last[row + 1 :])
        return Standing(draws=ordinal, paid=paid, last=last)

    def run(self, rows: int) -> int:
        """How many draws the player has made since one of the first `rows` rows was paid."""
        return self.draws - max(self.last[:rows])


class Spin(msgspec.Struct, frozen=True):
    """The outcome of one wheel draw. Rows are indexes.

    `r` of `weight` fell on `picked`; each of the `closed` rows, with why it is closed to the player,
    passed the draw on to its `else`, at the end to `row`, which is paid.
    """

    row: int
    picked: int
    guaranteed: bool
    weight: int
    r: int
    closed: tuple[tuple[int, tuple[str, ...]], ...]


def spin(pool: PoolEntry, left: Sequence[int | None], standing: Standing, x: int) -> Spin:
    """The player's next draw in a wheel. `left` is the stock left of each row, None where it has none."""
    rows = wheel_rows(pool)
    guaranteed = guarantee_applies(pool, standing)
    candidates = rows[: pool.guarantee.rows] if guaranteed and pool.guarantee else rows
    weights = [row.weight for row in candidates]
    weight = sum(weights)
    r = scale(x, weight)
    row = picked = walk(weights, r)
    closed: list[tuple[int, tuple[str, ...]]] = []
    while reasons := closed_for(rows[row], row, left, standing):
        closed.append((row, reasons))
        row = fallback(rows, row)
    return Spin(row=row, picked=picked, guaranteed=guaranteed, weight=weight, r=r, closed=tuple(closed))


def guarantee_applies(pool: PoolEntry, standing: Standing) -> bool:
    """Whether the player's next draw is made among the guarantee's rows alone."""
    terms = pool.guarantee
    return terms is not None and standing.run(terms.rows) >= terms.draws - 1


def closed_for(row: WheelRow, index: int, left: Sequence[int | None], standing: Standing) -> tuple[str, ...]:
    """Why a row cannot be paid to the player now, in the names of its fields; empty where it can."""
    if row.else_ is None:
        return ()
    reasons = []
    if left[index] == 0:
        reasons.append("stock")
    if row.limit is not None and standing.paid[index] >= row.limit:
        reasons.append("limit")
    if row.from_ is not None and standing.draws + 1 < row.from_:
        reasons.append("from")
    return tuple(reasons)


def fallback(rows: Sequence[WheelRow], index: int) -> int:
    """The index of the row that is paid when this one is closed."""
    wanted = rows[index].else_
    return next(later for later in range(index + 1, len(rows)) if rows[later].id == wanted)


class Ticket(msgspec.Struct, frozen=True):
    """The outcome of one scratch draw: the row's index, from how many tickets, and where `r` fell."""

    row: int
    tickets: int
    r: int


def scratch(left: Sequence[int], x: int) -> Ticket:
    """One ticket out of an urn that is not empty. `left` is the count left of each row."""
    tickets = sum(left)
    assert tickets > 0, "an empty urn is sold out"
    r = scale(x, tickets)
    return Ticket(row=walk(left, r), tickets=tickets, r=r)


def first_stock(pool: PoolEntry) -> list[int | None]:
    """What can be won of each row when the pool starts: a wheel row's stock, an urn row's count."""
    return [row.count if isinstance(row, UrnRow) else row.stock for row in pool.rows]


def table_weights(pool: PoolEntry) -> list[int]:
    """The weights of a wheel's rows, the counts of an urn's."""
    return [row.count if isinstance(row, UrnRow) else row.weight for row in pool.rows]
