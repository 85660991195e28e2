"""The wheel is a picture of the table, and where it stops says nothing that the draw does not."""

import hashlib
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.campaigns.rules import PoolTerms
from game.fair.entries import WheelRow
from game.wheel.rules import (
    FULL_TURN_MILLIDEGREES,
    LEAST_ARC_MILLIDEGREES,
    MARGIN_SHARE,
    Segment,
    segments,
    stop,
)
from tests.support.terms import wheel_terms

BINS = 16
# The 99.99 % quantile of the chi-square distribution with 15 degrees of freedom.
CHI_SQUARE_MAX = 44.3

WEIGHTS = st.lists(st.integers(0, 2**24), min_size=1, max_size=256).filter(any)
LEAF_HASHES = st.binary(min_size=32, max_size=32)


def wheel(*weights: int, falls_to: dict[int, int] | None = None) -> PoolTerms:
    """A wheel with these weights; `falls_to` maps rows to the rows that they fall back to."""
    back = falls_to or {}
    return wheel_terms(
        [
            WheelRow(
                id=f"row-{ordinal}",
                weight=weight,
                stock=1 if ordinal in back else None,
                else_=f"row-{back[ordinal]}" if ordinal in back else None,
            )
            for ordinal, weight in enumerate(weights)
        ]
    )


def arcs(terms: PoolTerms) -> dict[int, int]:
    """The arc of each row that has one."""
    return {segment.row_ordinal: segment.arc_millidegrees for segment in segments(terms)}


def margin_of(segment: Segment) -> int:
    """How far from the edges of a segment the wheel stops at least."""
    return segment.arc_millidegrees // MARGIN_SHARE


def steps_of(segment: Segment) -> int:
    """At how many angles the wheel may stop in a segment."""
    return segment.arc_millidegrees - 2 * margin_of(segment)


@given(WEIGHTS)
def test_segments_are_a_full_turn_in_table_order(weights: list[int]) -> None:
    """Each begins where the one before ends, and the last ends where the first begins."""
    end = 0
    for segment in segments(wheel(*weights)):
        assert segment.start_millidegrees == end
        end += segment.arc_millidegrees
    assert end == FULL_TURN_MILLIDEGREES
    ordinals = list(arcs(wheel(*weights)))
    assert ordinals == [ordinal for ordinal, weight in enumerate(weights) if weight > 0]


@given(WEIGHTS)
def test_no_row_is_too_thin_to_be_seen(weights: list[int]) -> None:
    """Every segment has the least arc, and with many rows these never take more than half the wheel."""
    shown = arcs(wheel(*weights))
    least = min(LEAST_ARC_MILLIDEGREES, FULL_TURN_MILLIDEGREES // 2 // len(shown))
    assert min(shown.values()) >= least


@given(WEIGHTS)
def test_a_heavier_row_never_has_the_thinner_arc(weights: list[int]) -> None:
    """Arcs follow the odds; two of equal weight differ by no more than what rounding takes."""
    shown = [(weights[ordinal], arc) for ordinal, arc in arcs(wheel(*weights)).items()]
    from_the_lightest = sorted(shown, key=lambda row: (row[0], -row[1]))
    for (_, arc), (_, next_arc) in pairwise(from_the_lightest):
        assert arc <= next_arc + 1


def test_arcs_are_the_odds_where_no_row_is_rare() -> None:
    """Without a least arc in play the wheel shows the exact shares."""
    assert arcs(wheel(1, 2, 3, 4)) == {0: 36_000, 1: 72_000, 2: 108_000, 3: 144_000}


def test_common_rows_share_what_rare_rows_leave() -> None:
    """One in a million gets its five degrees, the others keep their proportions."""
    assert arcs(wheel(1, 499_999, 500_000)) == {0: 5_000, 1: 177_499, 2: 177_501}


def test_a_row_that_only_a_fallback_reaches_is_shown() -> None:
    """It can be won, so it stands on the wheel, by the chain of fallbacks that leads there."""
    assert arcs(wheel(1, 0, 0, 1, falls_to={0: 1, 1: 2})) == {0: 175_000, 1: 5_000, 2: 5_000, 3: 175_000}


def test_a_row_that_no_draw_can_reach_is_not_shown() -> None:
    """A prize nobody can win has no place on the wheel, nor has what only it falls back to."""
    assert list(arcs(wheel(1, 0, 0, 1, falls_to={1: 2}))) == [0, 3]


@given(WEIGHTS, LEAF_HASHES, st.data())
def test_the_wheel_stops_well_inside_the_row_that_was_paid(
    weights: list[int], leaf_hash: bytes, data: st.DataObject
) -> None:
    """The segment is the drawn row's, and the angle keeps its distance from both edges."""
    terms = wheel(*weights)
    at = data.draw(st.integers(0, len(segments(terms)) - 1))
    segment = segments(terms)[at]
    where = stop(terms, segment.row_ordinal, leaf_hash)
    inside = where.angle_millidegrees - segment.start_millidegrees
    assert (where.segment, where.segments) == (at, len(segments(terms)))
    assert margin_of(segment) <= inside < segment.arc_millidegrees - margin_of(segment)


@given(WEIGHTS, WEIGHTS, LEAF_HASHES, st.data())
def test_the_place_within_a_segment_is_the_leaf_hash_alone(
    weights: list[int], others: list[int], leaf_hash: bytes, data: st.DataObject
) -> None:
    """One draw's hash stops every row of every wheel at the same share of its arc: no near misses."""
    shares = []
    for terms in (wheel(*weights), wheel(*others)):
        segment = data.draw(st.sampled_from(segments(terms)))
        angle = stop(terms, segment.row_ordinal, leaf_hash).angle_millidegrees
        first = angle - segment.start_millidegrees - margin_of(segment)
        shares.append((first / steps_of(segment), 1 / steps_of(segment)))
    (share, step), (other_share, other_step) = shares
    assert abs(share - other_share) <= max(step, other_step)


@pytest.mark.parametrize("ordinal", [0, 1, 2])
def test_places_are_uniform_in_the_segment(ordinal: int) -> None:
    """Over many draws each sixteenth of the room between the margins is as frequent as the next."""
    terms, draws = wheel(1, 5_000, 4_999), 4_096
    segment = segments(terms)[ordinal]
    seen: Counter[int] = Counter()
    for number in range(draws):
        leaf_hash = hashlib.sha256(b"draw %d" % number).digest()
        angle = stop(terms, ordinal, leaf_hash).angle_millidegrees
        seen[(angle - segment.start_millidegrees - margin_of(segment)) * BINS // steps_of(segment)] += 1
    expected = draws / BINS
    assert set(seen) == set(range(BINS))
    assert sum((count - expected) ** 2 / expected for count in seen.values()) < CHI_SQUARE_MAX
