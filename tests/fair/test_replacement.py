"""A pool may continue another one if no player is worse off."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from game.fair.entries import BeaconTerms, Guarantee, PoolEntry, UrnRow, WheelRow
from game.fair.findings import Finding
from game.fair.rounds import QUICKNET_CHAIN
from game.fair.tables import check_pool, check_replacement
from tests.fair.test_tables import ROWS
from tests.fair.test_tables import URN as TABLE_URN
from tests.fair.test_tables import WHEEL as TABLE_WHEEL

# The old tables: the wheel's tv has 1 of 2 left, mug 0 of 5; the urn has 1 gold, 3 of 9 others.
WHEEL = msgspec.structs.replace(TABLE_WHEEL, i=0)
WHEEL_LEFT = (1, 0, None, None)
URN = msgspec.structs.replace(TABLE_URN, i=0)
URN_LEFT = (1, 3)


def continued(old: PoolEntry, **changes: Any) -> PoolEntry:
    """A pool, logged while the old one is open, that continues it with these changes."""
    new = {"i": 9, "t": 1500, "opens": 1500, "pool": "again", "commit": "0c" * 32, "replaces": 0}
    entry = msgspec.structs.replace(old, **{**new, **changes})
    check_pool(entry)
    return entry


def check(old: PoolEntry, left: Sequence[int | None], new: PoolEntry, **states: Any) -> None:
    """The check in the usual state: the old pool is open, with no sealed draw due."""
    usual = {"closed": False, "replaced": False, "undrawn_sealed_seats": 0}
    check_replacement(old, left, new, **{**usual, **states})


def field_at_fault(old: PoolEntry, left: Sequence[int | None], new: PoolEntry, **states: Any) -> str | None:
    """What the finding about a replacement names."""
    with pytest.raises(Finding) as found:
        check(old, left, new, **states)
    assert found.value.check == 3
    return found.value.field


def rows(index: int, **changes: Any) -> dict[str, Any]:
    """The wheel's rows with one changed."""
    changed = list(ROWS)
    changed[index] = msgspec.structs.replace(changed[index], **changes)
    return {"rows": tuple(changed), "weight": sum(row.weight for row in changed)}


def counts(gold: int, nothing: int) -> dict[str, Any]:
    """The urn's rows with these counts."""
    made = (UrnRow(id="gold", count=gold), UrnRow(id="nothing", count=nothing))
    return {"rows": made, "tickets": gold + nothing}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"price": 49, "closes": 3000},
        {"seat_draws": 1},
        rows(0, stock=1),
        rows(0, stock=100, limit=2, from_=1),
        rows(1, stock=0),
        rows(1, stock=None, else_=None),
        {"rows": (WheelRow(id="tv", weight=1), *ROWS[1:])},
        {"rows": (*ROWS[:3], msgspec.structs.replace(ROWS[3], weight=4)), "weight": 9},
        {"rows": tuple(msgspec.structs.replace(row, weight=row.weight * 7) for row in ROWS), "weight": 70},
    ],
)
def test_a_wheel_that_leaves_nobody_worse_off(changes: dict[str, Any]) -> None:
    """Cheaper, longer, topped up, unbounded, better odds, other units of the same odds."""
    check(WHEEL, WHEEL_LEFT, continued(WHEEL, **changes))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({**counts(1, 9), "game": "scratch", "weight": None, "guarantee": None}, "game"),
        ({"rows": (*ROWS[:2], ROWS[3]), "weight": 6, "guarantee": Guarantee(draws=2, rows=2)}, "rows"),
        ({"rows": (ROWS[2], *ROWS[:2], ROWS[3])}, "rows"),
        ({"price": 51}, "price"),
        ({"closes": 1999}, "closes"),
        ({"opens": 1501}, "opens"),
        ({"guarantee": None}, "guarantee"),
        ({"guarantee": Guarantee(draws=3, rows=3)}, "guarantee"),
        ({"beacon": None}, "beacon"),
        ({"beacon": BeaconTerms(chain=QUICKNET_CHAIN, delay=3)}, "beacon"),
        (rows(0, stock=0), "rows[0].stock"),
        (rows(2, stock=9, else_="nothing"), "rows[2].stock"),
        (rows(1, limit=9), "rows[1].limit"),
        (rows(1, from_=1), "rows[1].from"),
        (rows(0, from_=4), "rows[0].from"),
        (rows(0, else_="pen"), "rows[0].else"),
        (rows(3, weight=6), "rows[0].weight"),
        (
            {"rows": (*ROWS[:2], msgspec.structs.replace(ROWS[2], weight=3), ROWS[3]), "weight": 9},
            "rows[2].weight",
        ),
    ],
)
def test_a_wheel_that_leaves_someone_worse_off(changes: dict[str, Any], field: str) -> None:
    """Refused with the field's path."""
    assert field_at_fault(WHEEL, WHEEL_LEFT, continued(WHEEL, **changes)) == field


def test_a_limit_may_not_fall() -> None:
    """A row that could be won twice can be won twice."""
    old = msgspec.structs.replace(WHEEL, **rows(0, limit=2))
    assert field_at_fault(old, WHEEL_LEFT, continued(WHEEL)) == "rows[0].limit"


def test_better_odds_overall_may_not_be_worse_in_a_guaranteed_draw() -> None:
    """More small prizes for fewer blanks lower the great prize's share of the guaranteed draws."""
    weights = (2, 0, 9, 7)
    better = [msgspec.structs.replace(row, weight=each) for row, each in zip(ROWS, weights, strict=True)]
    new = continued(WHEEL, rows=tuple(better), weight=18)
    assert field_at_fault(WHEEL, WHEEL_LEFT, new) == "rows[0].weight"
    without = msgspec.structs.replace(WHEEL, guarantee=None)
    check(without, WHEEL_LEFT, msgspec.structs.replace(new, guarantee=None))


def test_a_guarantee_and_a_beacon_may_be_new() -> None:
    """What the old pool did not have, the new one may add."""
    old = msgspec.structs.replace(WHEEL, guarantee=None, beacon=None)
    check(old, WHEEL_LEFT, continued(WHEEL))


def test_a_pool_that_is_not_open_yet_may_be_replaced_before() -> None:
    """The new one opens by the time at which the old one would have."""
    old = msgspec.structs.replace(WHEEL, opens=1800)
    check(old, WHEEL_LEFT, continued(WHEEL, opens=1800))
    assert field_at_fault(old, WHEEL_LEFT, continued(WHEEL, opens=1801)) == "opens"


def test_sealed_draws_stay_sealed_and_are_made_first() -> None:
    """A sealed pool continues as one, once every sealed seat has its draw."""
    sealed = msgspec.structs.replace(WHEEL, seat_draws=1)
    check(sealed, WHEEL_LEFT, continued(sealed))
    assert field_at_fault(sealed, WHEEL_LEFT, continued(sealed, seat_draws=2)) == "seat_draws"
    new = continued(sealed)
    assert field_at_fault(sealed, WHEEL_LEFT, new, undrawn_sealed_seats=1) == "replaces"


def test_only_an_open_pool_is_replaced_and_once() -> None:
    """Neither a closed pool nor one that is replaced already."""
    assert field_at_fault(WHEEL, WHEEL_LEFT, continued(WHEEL), closed=True) == "replaces"
    assert field_at_fault(WHEEL, WHEEL_LEFT, continued(WHEEL), replaced=True) == "replaces"


@pytest.mark.parametrize("new", [counts(1, 3), counts(1, 2), counts(2, 3), counts(5, 15), counts(1, 0)])
def test_an_urn_that_leaves_nobody_worse_off(new: dict[str, Any]) -> None:
    """What is left and more of it, at odds that are not lower."""
    check(URN, URN_LEFT, continued(URN, **new))


@pytest.mark.parametrize("new", [counts(1, 4), counts(0, 0), counts(0, 3), counts(2, 7)])
def test_an_urn_that_leaves_someone_worse_off(new: dict[str, Any]) -> None:
    """Fewer of a prize than are left, or more losers to each."""
    assert field_at_fault(URN, URN_LEFT, continued(URN, **new)) == "rows[0].count"


@pytest.mark.parametrize("new", [counts(0, 0), counts(0, 9), counts(3, 1)])
def test_a_sold_out_urn_may_be_refilled_as_one_likes(new: dict[str, Any]) -> None:
    """Nothing is left that could become less, or less likely."""
    check(URN, (0, 0), continued(URN, **new))
