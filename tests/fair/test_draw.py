"""The draw's formulas: exact odds, bounds, guarantee, urn."""

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.fair.draw import (
    Standing,
    chain,
    commit,
    draw_value,
    first_stock,
    link,
    pick,
    scale,
    scratch,
    spin,
    walk,
)
from game.fair.entries import PoolEntry
from game.fair.rounds import round_at, round_time_ms
from tests.fair import vectors
from tests.fair.writer import TERMS, entry_of

LARGEST_X = 2**256 - 1
# Published tables that a well-known engine turned into other odds by rounding.
PUBLISHED = [
    (10_000, [3, 500, 2497, 7000]),
    (100, [7, 14, 29, 50]),
    (10, [3, 2, 5]),
    (10_000, [3000, 2000, 2000, 1000, 1000, 500, 400, 99, 1]),
    (100, [10, 25, 65]),
    (1000, [50, 125, 825]),
    (100, [57, 29, 14]),
]
published = pytest.mark.parametrize(("weight", "weights"), PUBLISHED, ids=str)


def wheel(rows: list[dict[str, Any]], **terms: Any) -> PoolEntry:
    """A wheel with these rows."""
    weight = sum(row["weight"] for row in rows)
    fields = {**TERMS, "game": "wheel", "pool": "w", "v": 1, "i": 0, "k": "pool", "commit": "00" * 32}
    entry = entry_of({**fields, "rows": rows, "weight": weight, **terms})
    assert isinstance(entry, PoolEntry)
    return entry


def x_on(r: int, weight: int) -> int:
    """The least X that falls on r of weight."""
    return -(-(r << 256) // weight)


def test_the_vectors_have_the_published_tables() -> None:
    """The tables of the vectors are these."""
    assert [(table["weight"], table["weights"]) for table in vectors.VALUES["odds"]] == PUBLISHED


@published
def test_each_row_is_hit_exactly_its_weight_of_times(weight: int, weights: list[int]) -> None:
    """Every r in 0 … weight-1 falls on one row, in table order, and each row gets what is published."""
    rows = [walk(weights, r) for r in range(weight)]
    assert rows == sorted(rows)
    assert [Counter(rows)[row] for row in range(len(weights))] == weights


@published
def test_the_wheel_pays_what_it_shows(weight: int, weights: list[int]) -> None:
    """The same through `spin`, from both ends of the X that fall on each r."""
    pool = wheel([{"id": str(index), "weight": each} for index, each in enumerate(weights)])
    left, fresh = first_stock(pool), Standing.fresh(len(weights))
    first = [x_on(r, weight) for r in range(weight)]
    last = [x_on(r + 1, weight) - 1 for r in range(weight)]
    for ends in (first, last):
        rows = Counter(spin(pool, left, fresh, x).row for x in ends)
        assert [rows[row] for row in range(len(weights))] == weights


@given(st.lists(st.integers(0, 300), min_size=1, max_size=8).filter(any))
def test_every_table_is_walked_exactly(weights: list[int]) -> None:
    """Whatever the table, rows of weight 0 included."""
    rows = Counter(walk(weights, r) for r in range(sum(weights)))
    assert [rows[row] for row in range(len(weights))] == weights


@pytest.mark.parametrize("total", [1, 2, 3, 10, 10_000, 2**32])
def test_the_largest_value_stays_inside(total: int) -> None:
    """Nothing falls on `total` itself, which no row would match."""
    assert (scale(0, total), scale(LARGEST_X, total)) == (0, total - 1)
    assert pick([total], LARGEST_X) == 0


def test_a_pick_outside_of_the_table_is_a_bug() -> None:
    """An r that no row matches stops the draw instead of paying the last row."""
    with pytest.raises(AssertionError):
        walk([3, 7], 10)
    with pytest.raises(AssertionError):
        walk([3, 7], -1)


def test_the_same_draw_comes_out_the_same() -> None:
    """A retry is the same n of the same seat: the same value, and each n has its own."""
    a, entropy = bytes(32), bytes(range(32))
    assert draw_value(a, entropy, 1) == draw_value(a, entropy, 1)
    assert len({draw_value(a, entropy, n) for n in range(1, 257)}) == 256


def test_a_chain_reveals_backwards() -> None:
    """a_n leads to all that were revealed before it, and has one value more than the seat has draws."""
    values = chain(bytes(32), bytes(16), 256)
    assert len(values) == 257
    assert all(link(later) == earlier for earlier, later in pairwise(values))


def test_secrets_and_ids_have_their_length() -> None:
    """A short secret or seat id is a bug."""
    with pytest.raises(AssertionError):
        commit(bytes(31))
    with pytest.raises(AssertionError):
        chain(bytes(32), bytes(15), 1)


BOUNDED = wheel(
    [
        {"id": "car", "weight": 1, "stock": 1, "limit": 1, "from": 3, "else": "mug"},
        {"id": "mug", "weight": 0, "stock": 1, "else": "pen"},
        {"id": "pen", "weight": 0},
    ]
)


def standing(*paid_rows: int) -> Standing:
    """The standing of a player to whom these rows were paid, in this order."""
    reached = Standing.fresh(3)
    for row in paid_rows:
        reached = reached.after(row)
    return reached


@pytest.mark.parametrize(
    ("left", "paid_rows", "row", "closed"),
    [
        ([1, 1, None], (2, 2), 0, ()),
        ([1, 1, None], (2,), 1, ((0, ("from",)),)),
        ([1, 1, None], (0, 2, 2), 1, ((0, ("limit",)),)),
        ([0, 1, None], (2, 2), 1, ((0, ("stock",)),)),
        ([0, 0, None], (0,), 2, ((0, ("stock", "limit", "from")), (1, ("stock",)))),
    ],
)
def test_a_closed_row_passes_the_draw_on(
    left: list[int | None], paid_rows: tuple[int, ...], row: int, closed: tuple[Any, ...]
) -> None:
    """To its `else`, and from there on, for each of the three reasons and for all of them."""
    outcome = spin(BOUNDED, left, standing(*paid_rows), 0)
    assert (outcome.picked, outcome.row, outcome.closed) == (0, row, closed)


def test_a_row_of_weight_0_is_reached_by_a_fallback_alone() -> None:
    """No X picks it."""
    pool = wheel([{"id": "a", "weight": 0}, {"id": "b", "weight": 5}, {"id": "c", "weight": 0}])
    picks = {spin(pool, [None] * 3, Standing.fresh(3), x_on(r, 5)).picked for r in range(5)}
    assert picks == {1}


GUARANTEED = wheel(
    [
        {"id": "tv", "weight": 1, "stock": 1, "else": "pen"},
        {"id": "mug", "weight": 4, "stock": 9, "else": "pen"},
        {"id": "pen", "weight": 15},
    ],
    guarantee={"draws": 4, "rows": 2},
)


@pytest.mark.parametrize(
    ("paid_rows", "guaranteed"),
    [
        ((), False),
        ((2, 2), False),
        ((2, 2, 2), True),
        ((2, 2, 2, 2), True),
        ((0, 2, 2), False),
        ((0, 2, 2, 2), True),
        ((2, 2, 1, 2, 2), False),
    ],
)
def test_when_the_guarantee_applies(paid_rows: tuple[int, ...], guaranteed: bool) -> None:
    """After three draws at least, the last three of which paid none of the first two rows."""
    outcome = spin(GUARANTEED, [1, 9, None], standing(*paid_rows), LARGEST_X)
    assert outcome.guaranteed is guaranteed
    assert (outcome.weight, outcome.picked) == ((5, 1) if guaranteed else (20, 2))


def test_a_guaranteed_draw_has_the_odds_of_its_rows() -> None:
    """Among the guarantee's rows, each is hit by its weight."""
    due = standing(2, 2, 2)
    rows = Counter(spin(GUARANTEED, [1, 9, None], due, x_on(r, 5)).row for r in range(5))
    assert rows == {0: 1, 1: 4}


def test_a_guaranteed_draw_respects_the_stock() -> None:
    """It never pays a unit that is not there, and the fallback it pays leaves the guarantee due."""
    due = standing(2, 2, 2)
    outcome = spin(GUARANTEED, [0, 0, None], due, 0)
    assert (outcome.guaranteed, outcome.picked, outcome.row) == (True, 0, 2)
    assert spin(GUARANTEED, [0, 1, None], due.after(outcome.row), LARGEST_X).guaranteed


def test_a_standing_counts() -> None:
    """Draws, how often each row was paid, and when last."""
    assert standing(2, 0, 2) == Standing(draws=3, paid=(1, 0, 2), last=(2, 0, 3))
    assert standing(2, 0, 2).run(2) == 1
    assert Standing.fresh(2).run(1) == 0


@given(st.lists(st.integers(0, 5), min_size=1, max_size=5).filter(any), st.data())
def test_an_urn_is_emptied_to_exactly_what_it_held(counts: list[int], data: st.DataObject) -> None:
    """Whatever the values drawn, each row is paid its count of times, and no ticket is left."""
    left = list(counts)
    paid = Counter[int]()
    for remaining in range(sum(counts), 0, -1):
        ticket = scratch(left, data.draw(st.integers(0, LARGEST_X)))
        assert (ticket.tickets, ticket.r < remaining) == (remaining, True)
        left[ticket.row] -= 1
        paid[ticket.row] += 1
    assert [paid[row] for row in range(len(counts))] == counts
    assert not any(left)


def test_each_ticket_is_as_likely_as_the_other() -> None:
    """Of an urn with 2, 0 and 3 tickets left, each r of 0 … 4 takes one of them."""
    rows = Counter(scratch([2, 0, 3], x_on(r, 5)).row for r in range(5))
    assert rows == {0: 2, 2: 3}


def test_an_empty_urn_cannot_be_drawn_from() -> None:
    """Whoever asks for it has missed that the pool is sold out."""
    with pytest.raises(AssertionError, match="sold out"):
        scratch([0, 0], 5)


@given(st.integers(1_692_803_367_000, 2**45), st.integers(2, 20))
def test_a_round_lies_in_the_future_of_its_seat(t_ms: int, delay_rounds: int) -> None:
    """With the least delay by more than 3 s and by 6 s at most."""
    ahead_ms = round_time_ms(round_at(t_ms, delay_rounds)) - t_ms
    assert 3000 * (delay_rounds - 1) < ahead_ms <= 3000 * delay_rounds


def test_a_round_of_the_vectors() -> None:
    """The first and the last millisecond that name a round."""
    first = round_time_ms(vectors.EARLY_ROUND) - 6000
    assert [round_at(first + late_ms, 2) - vectors.EARLY_ROUND for late_ms in (-1, 0, 2999, 3000)] == [
        -1,
        0,
        0,
        1,
    ]
