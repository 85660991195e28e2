"""What a logged draw adds to the counts, and when these are an alarm (docs/decisions/0032-monitor.md)."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from math import log
from typing import Final, Literal, TypeVar

import msgspec

from game.fair.draw import chain, draw_value, pick, table_weights
from game.fair.entries import DrawEntry, PoolEntry, SeatEntry, decode
from game.fair.findings import Finding
from game.fair.receipt import outcome
from game.fair.seats import check_draw, seat_entropy
from game.fit.eprocess import ALARM, log_evidence

Series = Literal["settled", "refused", "untaken"]
Doubt = Literal["settled", "refused", "untaken", "proof"]
SERIES: Final[tuple[Series, ...]] = ("settled", "refused", "untaken")
DOUBTS: Final[tuple[Doubt, ...]] = (*SERIES, "proof")
Picks = dict[tuple[str, Series], list[int]]

T = TypeVar("T")

# Entries that are kept as they were read; each draw's is read for itself and for the draw after it.
READ_POOLS: Final = 4_096
READ_SEATS: Final = 4_096
READ_DRAWS: Final = 8_192
_LOG_10: Final = log(10)


class LoggedSeat(msgspec.Struct, frozen=True, kw_only=True):
    """A seat's entry, its leaf hash and (None without a beacon) the signature of its round."""

    entry: bytes
    leaf_hash: bytes
    signature: bytes | None


class Sat(msgspec.Struct, frozen=True, kw_only=True):
    """A seat of a pool, and the entry of its last draw so far, None before its first."""

    pool_id: str
    seat: LoggedSeat
    last: bytes | None


class ReadSeat(msgspec.Struct, frozen=True, kw_only=True):
    """A seat's entry, and E of the seat."""

    entry: SeatEntry
    entropy: bytes


class LoggedDraw(msgspec.Struct, frozen=True, kw_only=True):
    """A draw's entry in a pool, with its seat, and the seat's draw before it, None for its first.

    `after_refusal`: since then a play of this seat was accepted, and refused.
    """

    pool_id: str
    entry: bytes
    before: bytes | None
    seat: LoggedSeat
    after_refusal: bool


class LeftSeat(msgspec.Struct, frozen=True, kw_only=True):
    """A seat of a closed pool that was not used up, with the number of draws taken."""

    seat: LoggedSeat
    taken: int
    after_refusal: bool


class Contradiction(msgspec.Struct, frozen=True, kw_only=True):
    """A draw that cannot follow from what stood in the log before it."""

    pool_id: str
    entry_index: int
    says: str


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a pool: by counts, `evidence_log10`; by proof, the entry at fault and words."""

    pool_id: str
    series: Doubt
    draws: int
    evidence_log10: float | None
    entry_index: int | None
    says: str | None


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """What some entries of a campaign's log, up to `log_size`, add to the counts of its pools."""

    campaign_id: str
    log_size: int
    pools: Mapping[str, PoolEntry]
    picks: Picks
    found: Sequence[Contradiction]


def count_draws(
    pools: Mapping[str, PoolEntry], draws: Iterable[LoggedDraw]
) -> tuple[Picks, list[Contradiction]]:
    """The picks of draws, and the draws that contradict their chain or the row that X leads to."""
    picks: Picks = {}
    found: list[Contradiction] = []
    weights = {pool_id: table_weights(pool) for pool_id, pool in pools.items()}
    for draw in draws:
        pool, seat, entry = pools[draw.pool_id], read_seat(draw.seat), draw_of(draw.entry)
        assert entry is not None
        x = draw_value(bytes.fromhex(entry.a), seat.entropy, entry.n)
        picked = pick(weights[draw.pool_id], x)
        _add(picks, draw.pool_id, "refused" if draw.after_refusal else "settled", pool, picked)
        try:
            check_draw(pool, entry, revealed=_revealed(draw, seat.entry), steps=1)
            if pool.rows[picked].id != entry.row:
                outcome(pool, entry, x)  # which knows when X may lead to another row
        except Finding as finding:
            found.append(Contradiction(pool_id=draw.pool_id, entry_index=entry.i, says=finding.says))
    return picks, found


def count_untaken(pool: PoolEntry, secret: bytes, seats: Iterable[LeftSeat]) -> Picks:
    """The picks of the next draw of each seat, which nobody took; a refused play would have had it."""
    picks: Picks = {}
    if pool.tickets == 0:
        return picks
    weights = table_weights(pool)
    for left in seats:
        seat, n = read_seat(left.seat), left.taken + 1
        a = chain(secret, bytes.fromhex(seat.entry.id), pool.seat_draws)[n]
        picked = pick(weights, draw_value(a, seat.entropy, n))
        _add(picks, pool.pool, "untaken", pool, picked)
        if left.after_refusal:
            _add(picks, pool.pool, "refused", pool, picked)
    return picks


def entry_of(data: bytes, kind: type[T]) -> T:
    """An entry that is of this kind by its place."""
    entry = decode(data)
    assert isinstance(entry, kind)
    return entry


@lru_cache(maxsize=READ_POOLS)
def read_pool(data: bytes) -> PoolEntry:
    """A published pool's entry, read."""
    return entry_of(data, PoolEntry)


@lru_cache(maxsize=READ_DRAWS)
def draw_of(data: bytes) -> DrawEntry | None:
    """The draw that an entry is; None: it is something else."""
    entry = decode(data)
    return entry if isinstance(entry, DrawEntry) else None


@lru_cache(maxsize=READ_SEATS)
def read_seat(seat: LoggedSeat) -> ReadSeat:
    """A logged seat, read."""
    entry = entry_of(seat.entry, SeatEntry)
    return ReadSeat(entry=entry, entropy=seat_entropy(entry, seat.leaf_hash, seat.signature))


def _revealed(draw: LoggedDraw, seat: SeatEntry) -> bytes:
    before = None if draw.before is None else draw_of(draw.before)
    return bytes.fromhex(seat.anchor if before is None else before.a)


def _add(picks: Picks, pool_id: str, series: Series, pool: PoolEntry, picked: int) -> None:
    counts = picks.setdefault((pool_id, series), [0] * len(pool.rows))
    counts[picked] += 1


def alarm_of(pool: PoolEntry, series: Series, picks: Sequence[int]) -> Alarm | None:
    """The alarm that so many picks are; None: the published odds explain them well enough."""
    evidence = log_evidence(picks, table_weights(pool))
    if evidence < ALARM:
        return None
    return Alarm(
        pool_id=pool.pool,
        series=series,
        draws=sum(picks),
        evidence_log10=evidence / _LOG_10,
        entry_index=None,
        says=None,
    )


def proven(found: Contradiction) -> Alarm:
    """The alarm that a contradiction is."""
    return Alarm(
        pool_id=found.pool_id,
        series="proof",
        draws=1,
        evidence_log10=None,
        entry_index=found.entry_index,
        says=found.says,
    )
