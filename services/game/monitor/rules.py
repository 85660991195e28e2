"""What a logged draw adds to the counts, and when these are an alarm (docs/decisions/0032-monitor.md)."""

from collections.abc import Iterable, Mapping, Sequence
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

_LOG_10: Final = log(10)


class LoggedSeat(msgspec.Struct, frozen=True, kw_only=True):
    """A seat's entry, its leaf hash and (None without a beacon) the signature of its round."""

    entry: bytes
    leaf_hash: bytes
    signature: bytes | None


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


def count_draws(
    pools: Mapping[str, PoolEntry], draws: Iterable[LoggedDraw]
) -> tuple[Picks, list[Contradiction]]:
    """The picks of draws, and the draws that contradict their chain or the row that X leads to."""
    picks: Picks = {}
    found: list[Contradiction] = []
    for draw in draws:
        pool, seat, entry = (
            pools[draw.pool_id],
            entry_of(draw.seat.entry, SeatEntry),
            entry_of(draw.entry, DrawEntry),
        )
        x = draw_value(bytes.fromhex(entry.a), _entropy(draw.seat, seat), entry.n)
        _add(picks, draw.pool_id, "refused" if draw.after_refusal else "settled", pool, x)
        try:
            check_draw(pool, entry, revealed=_revealed(draw, seat), steps=1)
            outcome(pool, entry, x)
        except Finding as finding:
            found.append(Contradiction(pool_id=draw.pool_id, entry_index=entry.i, says=finding.says))
    return picks, found


def count_untaken(pool: PoolEntry, secret: bytes, seats: Iterable[LeftSeat]) -> Picks:
    """The picks of the next draw of each seat, which nobody took; a refused play would have had it."""
    picks: Picks = {}
    if pool.tickets == 0:
        return picks
    for left in seats:
        seat, n = entry_of(left.seat.entry, SeatEntry), left.taken + 1
        a = chain(secret, bytes.fromhex(seat.id), pool.seat_draws)[n]
        x = draw_value(a, _entropy(left.seat, seat), n)
        _add(picks, pool.pool, "untaken", pool, x)
        if left.after_refusal:
            _add(picks, pool.pool, "refused", pool, x)
    return picks


def entry_of(data: bytes, kind: type[T]) -> T:
    """An entry that is of this kind by its place."""
    entry = decode(data)
    assert isinstance(entry, kind)
    return entry


def _entropy(seat: LoggedSeat, entry: SeatEntry) -> bytes:
    return seat_entropy(entry, seat.leaf_hash, seat.signature)


def _revealed(draw: LoggedDraw, seat: SeatEntry) -> bytes:
    return bytes.fromhex(seat.anchor if draw.before is None else entry_of(draw.before, DrawEntry).a)


def _add(picks: Picks, pool_id: str, series: Series, pool: PoolEntry, x: int) -> None:
    counts = picks.setdefault((pool_id, series), [0] * len(pool.rows))
    counts[pick(table_weights(pool), x)] += 1


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
