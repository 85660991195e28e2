"""The wheel that the app draws: its segments, and where it stops for a draw that is made already.

The picture follows the log and never the other way round. Where the wheel stops within a segment depends on
the draw's leaf hash alone, so no row's neighbours are favoured: there are no engineered near misses.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Final

import msgspec

from game.campaigns.rules import PoolTerms
from game.fair.entries import WheelRow, wheel_rows

FULL_TURN_MILLIDEGREES: Final = 360_000
# A rarer row is drawn this wide, so that it can be seen and read; the true odds are the published weights.
LEAST_ARC_MILLIDEGREES: Final = 5_000
# With many rows the least arcs together take no more than this share of the wheel.
LEAST_ARCS_SHARE: Final = 2
# The wheel stops in the middle three quarters of a segment, so that nobody doubts in which one.
MARGIN_SHARE: Final = 8
STOP_BYTES: Final = 8
# The same for every draw of a pool; at most some hundred rows each.
WHEELS_KEPT: Final = 256


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """The row that a segment stands for, and its arc: clockwise, in thousandths of a degree."""

    row_ordinal: int
    start_millidegrees: int
    arc_millidegrees: int


class WheelStop(msgspec.Struct, frozen=True, kw_only=True):
    """Where the wheel stops: in segment `segment` of `segments`, from 0, at an angle within its arc."""

    segment: int
    segments: int
    angle_millidegrees: int


def segments(terms: PoolTerms) -> tuple[Segment, ...]:
    """The wheel's segments in table order; together they are a full turn.

    A row that no draw can reach has none. Arcs follow the weights, but for a least arc.
    """
    return _segments(wheel_rows(terms.entry))


@lru_cache(maxsize=WHEELS_KEPT)
def _segments(rows: tuple[WheelRow, ...]) -> tuple[Segment, ...]:
    shown = _reachable(rows)
    arcs = _arcs([rows[ordinal].weight for ordinal in shown])
    starts = accumulate(arcs, initial=0)
    return tuple(
        Segment(row_ordinal=ordinal, start_millidegrees=start, arc_millidegrees=arc)
        for ordinal, start, arc in zip(shown, starts, arcs, strict=False)
    )


def stop(terms: PoolTerms, row_ordinal: int, leaf_hash: bytes) -> WheelStop:
    """Where the wheel stops for a draw of a row: anywhere in its segment but for a margin at the edges."""
    wheel = segments(terms)
    index = next(i for i, segment in enumerate(wheel) if segment.row_ordinal == row_ordinal)
    arc = wheel[index].arc_millidegrees
    margin = arc // MARGIN_SHARE
    place = int.from_bytes(leaf_hash[:STOP_BYTES], "big")
    inside = place * (arc - 2 * margin) >> 8 * STOP_BYTES
    return WheelStop(
        segment=index,
        segments=len(wheel),
        angle_millidegrees=wheel[index].start_millidegrees + margin + inside,
    )


def _reachable(rows: Sequence[WheelRow]) -> list[int]:
    """The rows that have a weight, or that a row before them falls back to."""
    reached: set[str] = set()
    shown = []
    for ordinal, row in enumerate(rows):
        if row.weight > 0 or row.id in reached:
            shown.append(ordinal)
            reached.update([] if row.else_ is None else [row.else_])
    return shown


def _arcs(weights: Sequence[int]) -> list[int]:
    """A full turn shared out by weight, whole, after those who would get less have got the least arc."""
    least = min(LEAST_ARC_MILLIDEGREES, FULL_TURN_MILLIDEGREES // (LEAST_ARCS_SHARE * len(weights)))
    narrow = _narrow(weights, least)
    wide = [0 if index in narrow else weight for index, weight in enumerate(weights)]
    room = FULL_TURN_MILLIDEGREES - least * len(narrow)
    edges = [total * room // sum(wide) for total in accumulate(wide, initial=0)]
    return [least if index in narrow else end - start for index, (start, end) in enumerate(pairwise(edges))]


def _narrow(weights: Sequence[int], least: int) -> set[int]:
    """The indexes whose share of what the others leave is less than `least`: found from the lightest on."""
    lightest = sorted(range(len(weights)), key=weights.__getitem__)
    total, room, count = sum(weights), FULL_TURN_MILLIDEGREES, 0
    # Ends at the heaviest at the latest: all least arcs together leave it half the wheel.
    while weights[lightest[count]] * room < least * total:
        total -= weights[lightest[count]]
        room -= least
        count += 1
    return set(lightest[:count])
