"""That pools win what their plays are measured for."""

import pytest

from tests.bench.prizes import WINS, YARDSTICK, demonstration

KINDS = {
    YARDSTICK: "nothing",
    "points": "points",
    "vouchers": "voucher",
    "chances": "chances",
    "badges": "badge",
}


@pytest.mark.parametrize("name", WINS)
def test_a_pool_gives_nearly_always_what_its_name_says(name: str) -> None:
    """All but one of ten thousand draws; there are vouchers for all of them."""
    shown = demonstration(name, vouchers=10)
    row, rest = shown.pool.rows
    assert (row.prize.kind, row.weight, rest.weight) == (KINDS[name], 9_999, 1)
    assert sum(shown.vouchers.values()) == (row.stock or 0)
