"""What a prize table must be: each rule names the field that breaks it."""

from typing import Any

import msgspec
import pytest

from game.fair.entries import BeaconTerms, Guarantee, PoolEntry, UrnRow, WheelRow
from game.fair.findings import Finding
from game.fair.rounds import QUICKNET_CHAIN
from game.fair.tables import check_pool

ROWS = (
    WheelRow(id="tv", weight=1, stock=2, limit=1, from_=3, else_="mug"),
    WheelRow(id="mug", weight=0, stock=5, else_="nothing"),
    WheelRow(id="pen", weight=4),
    WheelRow(id="nothing", weight=5),
)
WHEEL = PoolEntry(
    i=7,
    t=1000,
    v=1,
    pool="spring",
    game="wheel",
    rows=ROWS,
    weight=10,
    price=50,
    seat_draws=40,
    opens=1000,
    closes=2000,
    commit="0a" * 32,
    rules="0b" * 32,
    beacon=BeaconTerms(chain=QUICKNET_CHAIN, delay=2),
    guarantee=Guarantee(draws=2, rows=3),
)
URN = msgspec.structs.replace(
    WHEEL,
    game="scratch",
    rows=(UrnRow(id="gold", count=1), UrnRow(id="nothing", count=9)),
    weight=None,
    tickets=10,
    guarantee=None,
)


def with_row(index: int, **changes: Any) -> dict[str, Any]:
    """The wheel's rows with one changed, and the sum that goes with them."""
    rows = list(ROWS)
    rows[index] = msgspec.structs.replace(rows[index], **changes)
    return {"rows": tuple(rows), "weight": sum(row.weight for row in rows)}


def field_at_fault(pool: PoolEntry, check: int = 3) -> str | None:
    """What the finding about a table names."""
    with pytest.raises(Finding) as found:
        check_pool(pool)
    assert (found.value.check, found.value.entry) == (check, None)
    assert found.value.says
    return found.value.field


@pytest.mark.parametrize("pool", [WHEEL, URN], ids=["wheel", "urn"])
def test_a_good_table(pool: PoolEntry) -> None:
    """All that the protocol offers, at its edges."""
    check_pool(pool)
    check_pool(msgspec.structs.replace(pool, beacon=None, price=0, seat_draws=1))
    check_pool(msgspec.structs.replace(pool, t=999, seat_draws=256))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"t": 1001}, "opens"),
        ({"closes": 1000}, "closes"),
        ({"seat_draws": 0}, "seat_draws"),
        ({"seat_draws": 257}, "seat_draws"),
        ({"rows": ()}, "rows"),
        (with_row(2, id="tv"), "rows[2].id"),
        (with_row(1, stock=0), "rows[1].stock"),
        (with_row(0, limit=0), "rows[0].limit"),
        (with_row(0, from_=0), "rows[0].from"),
        (with_row(1, else_=None), "rows[1].else"),
        (with_row(1, else_="tv"), "rows[1].else"),
        (with_row(1, else_="mug"), "rows[1].else"),
        (with_row(1, else_="yacht"), "rows[1].else"),
        (with_row(2, else_="nothing"), "rows[2].else"),
        (with_row(3, stock=5, else_="tv"), "rows[3]"),
        (with_row(3, limit=5), "rows[3]"),
        ({"weight": 11}, "weight"),
        ({**with_row(2, weight=0), "weight": 10}, "weight"),
        (with_row(2, weight=2**32 - 5), "weight"),
        ({"rows": (WheelRow(id="a", weight=0),), "weight": 0, "guarantee": None}, "weight"),
        ({"guarantee": Guarantee(draws=1, rows=1)}, "guarantee.draws"),
        ({"guarantee": Guarantee(draws=2, rows=0)}, "guarantee.rows"),
        ({"guarantee": Guarantee(draws=2, rows=4)}, "guarantee.rows"),
        ({**with_row(0, weight=0), "guarantee": Guarantee(draws=2, rows=2)}, "guarantee.rows"),
    ],
)
def test_a_wheel_that_breaks_a_rule(changes: dict[str, Any], field: str) -> None:
    """Refused with the field's path."""
    assert field_at_fault(msgspec.structs.replace(WHEEL, **changes)) == field


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"tickets": 11}, "tickets"),
        ({"rows": (UrnRow(id="gold", count=0), UrnRow(id="nothing", count=10))}, "rows[0].count"),
        ({"rows": (UrnRow(id="a", count=5), UrnRow(id="a", count=5))}, "rows[1].id"),
        ({"rows": (UrnRow(id="a", count=2**32 + 1),), "tickets": 2**32 + 1}, "tickets"),
        ({"guarantee": Guarantee(draws=2, rows=1)}, "guarantee"),
        ({"rows": (), "tickets": 0}, "rows"),
    ],
)
def test_an_urn_that_breaks_a_rule(changes: dict[str, Any], field: str) -> None:
    """Refused with the field's path."""
    assert field_at_fault(msgspec.structs.replace(URN, **changes)) == field


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        (with_row(1, id="电视"), "rows[1].id"),
        (with_row(1, id='"'), "rows[1].id"),
        (with_row(1, else_="\n"), "rows[1].else"),
        (with_row(1, stock=-1), "rows[1].stock"),
        ({"pool": "春节"}, "pool"),
        ({"price": -1}, "price"),
        ({"price": 2**53}, "price"),
        ({"commit": "0A" * 32}, "commit"),
        ({"tickets": 10}, "weight"),
        ({"rows": tuple(WheelRow(id="x" * 1000 + str(n), weight=1) for n in range(70))}, None),
    ],
)
def test_a_table_that_cannot_be_written(changes: dict[str, Any], field: str | None) -> None:
    """What someone typed in is held against the grammar too, before it would be logged."""
    assert field_at_fault(msgspec.structs.replace(WHEEL, **changes), check=2) == field


@pytest.mark.parametrize(
    ("beacon", "field"),
    [
        (BeaconTerms(chain=QUICKNET_CHAIN, delay=1), "beacon.delay"),
        (BeaconTerms(chain="00" * 32, delay=2), "beacon.chain"),
    ],
)
def test_the_terms_of_the_beacon(beacon: BeaconTerms, field: str) -> None:
    """One beacon, and a value that does not exist yet."""
    assert field_at_fault(msgspec.structs.replace(WHEEL, beacon=beacon), check=4) == field


def test_the_largest_sums() -> None:
    """2^32 is allowed."""
    check_pool(msgspec.structs.replace(WHEEL, **with_row(2, weight=2**32 - 6)))
    rows = (UrnRow(id="gold", count=1), UrnRow(id="nothing", count=2**32 - 1))
    check_pool(msgspec.structs.replace(URN, rows=rows, tickets=2**32))


def test_the_least_guarantee() -> None:
    """Every second draw, among the first row alone."""
    check_pool(msgspec.structs.replace(WHEEL, guarantee=Guarantee(draws=2, rows=1)))


def test_only_a_continued_pool_may_start_with_nothing_of_a_row() -> None:
    """Stock and counts of 0 stand for what is used up."""
    check_pool(msgspec.structs.replace(WHEEL, replaces=0, **with_row(1, stock=0)))
    rows = (UrnRow(id="gold", count=0), UrnRow(id="nothing", count=0))
    check_pool(msgspec.structs.replace(URN, replaces=0, rows=rows, tickets=0))
