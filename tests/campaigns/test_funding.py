"""The most that can be paid out, against every way the draws can fall."""

import itertools
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.campaigns.drafts import PoolDraft
from game.campaigns.funding import check_budget, check_vouchers, demand
from game.campaigns.records import Pool, Units, new_pool
from game.errors import Conflict
from tests.campaigns.office import cards, prize, wheel, with_row


def stored(table: dict[str, Any], **changes: Any) -> Pool:
    """A draft pool as it would be stored."""
    draft = msgspec.convert(table, PoolDraft)
    return msgspec.structs.replace(new_pool(draft, replaces=None), **changes)


def test_a_wheel_pays_its_dearest_rows_first() -> None:
    """A thousand draws could all land on ten points; the vouchers are ten."""
    needed = demand([stored(wheel())], [])
    assert (needed.points, needed.vouchers) == (10_000, {"tea": 10})


def test_cards_pay_every_ticket() -> None:
    """One of 500 and nine of 20."""
    assert demand([stored(cards())], []).points == 680


def test_pools_of_a_campaign_add_up() -> None:
    """Points and vouchers of all of them."""
    needed = demand([stored(wheel()), stored(wheel(pool_id="second")), stored(cards())], [])
    assert (needed.points, needed.vouchers) == (20_680, {"tea": 20})


def test_a_wheel_without_a_cap_pays_its_stocks() -> None:
    """Every row that pays has a stock."""
    table = with_row(wheel(draws_cap=None), 2, stock=7, **{"else": "thanks"})
    needed = demand([stored(table)], [])
    assert (needed.points, needed.vouchers) == (70, {"tea": 10})


def test_a_cap_below_the_stock_bounds_it() -> None:
    """Six draws cannot win ten vouchers."""
    needed = demand([stored(wheel(draws_cap=6))], [])
    assert (needed.points, needed.vouchers) == (60, {"tea": 6})


def test_what_was_drawn_is_not_needed_again() -> None:
    """Nine cards are gone, the golden one and a silver one among them."""
    units = (Units(left=0, won=1), Units(left=8, won=1), Units(left=83, won=7))
    pool = stored(cards(), state="live", entry_index=0, draws_reserved=9, units=units)
    assert demand([pool], []).points == 160


@pytest.mark.parametrize(("state", "points"), [("draining", 30), ("replaced", 0), ("closed", 0)])
def test_a_pool_that_accepts_nothing_needs_only_what_is_under_way(state: str, points: int) -> None:
    """Three draws of a draining pool are paid for and not made."""
    units = (Units(left=5, won=0), Units(left=10, won=0), Units(left=None, won=4), Units(left=None, won=6))
    pool = stored(wheel(), state=state, entry_index=0, draws_reserved=13, units=units)
    assert demand([pool], []).points == points


def test_a_table_without_blanks_pays_every_row() -> None:
    """Of two rows that both pay, each draw takes the dearer one."""
    rows = [
        {"id": "a", "weight": 1, "prize": prize("points", 2)},
        {"id": "b", "weight": 1, "prize": prize("points")},
    ]
    assert demand([stored(wheel(rows=rows, draws_cap=3))], []).points == 6


ROWS = st.lists(st.tuples(st.integers(0, 5), st.none() | st.integers(0, 3)), min_size=1, max_size=3)


@given(ROWS, st.integers(1, 4))
def test_the_bound_is_exact(rows: list[tuple[int, int | None]], cap: int) -> None:
    """No sequence of draws pays more, and one pays as much: all of them are tried."""
    table = [
        {"id": f"r{index}", "weight": 1, "prize": prize("points", points) if points else prize()}
        | ({} if stock is None else {"stock": stock, "else": "rest"})
        for index, (points, stock) in enumerate(rows)
    ]
    table.append({"id": "rest", "weight": 1, "prize": prize()})
    best = 0
    for outcome in itertools.product(range(len(rows) + 1), repeat=cap):
        possible = all(
            stock is None or outcome.count(index) <= stock for index, (_, stock) in enumerate(rows)
        )
        if possible:
            best = max(best, sum(rows[index][0] for index in outcome if index < len(rows)))
    assert demand([stored(wheel(rows=table, draws_cap=cap))], []).points == best


def test_a_budget_that_is_one_point_short_is_refused() -> None:
    """The refusal has both numbers."""
    check_budget(100, available_points=100, account="campaign:a:budget")
    with pytest.raises(Conflict) as refused:
        check_budget(101, available_points=100, account="campaign:a:budget")
    assert refused.value.code == "underfunded"
    assert refused.value.numbers["needed"] == 101
    assert refused.value.numbers["available"] == 100


def test_a_batch_that_is_one_code_short_is_refused() -> None:
    """As is one that has none."""
    check_vouchers({"tea": 3}, free={"tea": 3})
    for free in ({"tea": 2}, {}):
        with pytest.raises(Conflict) as refused:
            check_vouchers({"tea": 3}, free=free)
        assert refused.value.numbers["needed"] == 3
        assert refused.value.numbers["free"] == free.get("tea", 0)
