"""The odds of a set in pools as they stand: what has run out, what other badges there are, what may move."""

from fractions import Fraction
from typing import Any

import msgspec

from game.badges.chances import HORIZONS, Odds, odds_of, tables_of
from game.badges.odds import expected_draws, in_urn, on_wheel, with_exchange
from game.campaigns.drafts import PoolDraft
from game.campaigns.records import Pool, Units, new_pool
from tests.support.badges import standing, terms
from tests.support.pools import pool, row

NONE = standing()


def paying(badge: str, **fields: Any) -> dict[str, Any]:
    """A row that pays a badge."""
    made = row(badge, "badge", **fields)
    made["prize"]["badge"] = badge
    return made


def stored(*rows: dict[str, Any], **fields: Any) -> Pool:
    """A pool as it was drafted."""
    return new_pool(msgspec.convert(pool("main", *rows, **fields), PoolDraft), replaces=None)


def left(drafted: Pool, *units: int | None) -> Pool:
    """The pool with so many units of each row."""
    return msgspec.structs.replace(drafted, units=tuple(Units(left=each, won=0) for each in units))


def only(*pools: Pool, **held: int) -> Odds:
    """The odds in the one pool that has any."""
    (found,) = odds_of(tables_of(pools), terms(), standing(**held))
    return found


WHEEL = stored(
    paying("ox", weight=2), paying("rat", weight=1), paying("tiger", weight=1), paying("pig", weight=3),
    row("thanks", weight=3),
)  # fmt: skip
CARDS = stored(
    paying("ox", count=3), paying("rat", count=2), paying("tiger", count=1), row("thanks", count=9)
)


def test_a_wheel_is_told_by_its_weights() -> None:
    """Badges of no set count as anything else; the horizons are those that were asked for."""
    odds = only(WHEEL, ox=2)
    assert (odds.table.total, odds.table.moves, odds.table.game) == (10, False, "wheel")
    assert odds.expected == expected_draws((1, 1), weight=10)
    assert [each.draws for each in odds.within] == list(HORIZONS)
    for each in odds.within:
        assert each.alone == on_wheel((1, 1), weight=10, draws=each.draws)
        assert each.exchanged == with_exchange((1, 1), 2, weight=10, draws=each.draws, duplicates=1, price=2)


def test_without_exchange_none_is_told() -> None:
    """None, which is not the same as no gain."""
    (odds,) = odds_of(tables_of([WHEEL]), terms(exchange_price=None), NONE)
    assert {each.exchanged for each in odds.within} == {None}


def test_cards_are_told_by_the_tickets_that_are_left() -> None:
    """There is no average, no exchange, and no more draws than tickets."""
    odds = only(left(CARDS, 1, 1, 1, 2))
    assert (odds.table.total, odds.table.moves, odds.expected) == (5, False, None)
    assert [(each.draws, each.alone, each.exchanged) for each in odds.within] == [
        (1, Fraction(), None),
        (10, Fraction(1), None),
        (50, Fraction(1), None),
    ]
    ten = only(left(CARDS, 3, 2, 1, 9)).within[1]
    assert ten.alone == in_urn((3, 2, 1), tickets=15, draws=10)


def test_an_urn_without_the_last_badge_completes_nothing() -> None:
    """Nor does an empty one."""
    assert {each.alone for each in only(left(CARDS, 3, 2, 0, 9)).within} == {0}
    assert {each.alone for each in only(left(CARDS, 0, 0, 0, 0)).within} == {0}


def test_what_has_run_out_counts_for_the_row_that_it_pays() -> None:
    """Along the whole chain of rows; a row without another one keeps its weight."""
    rows = (
        paying("tiger", weight=1, stock=1, else_="rat"),
        paying("rat", weight=2, stock=1, else_="ox"),
        paying("ox", weight=4),
        row("thanks", weight=1),
    )
    wheel = stored(*rows)
    assert only(left(wheel, 1, 1, None, None)).table.weights == {"tiger": 1, "rat": 2, "ox": 4}
    assert only(left(wheel, 0, 1, None, None)).table.weights == {"tiger": 0, "rat": 3, "ox": 4}
    assert only(left(wheel, 0, 0, None, None)).table.weights == {"tiger": 0, "rat": 0, "ox": 7}
    assert only(left(wheel, 0, 0, None, None)).expected is None


def test_what_can_change_a_table_is_said() -> None:
    """A stock that is left, a limit, a row that opens later, a guarantee; not a stock that is gone."""
    others = (paying("rat", weight=1), row("thanks", weight=1))
    moving: list[dict[str, Any]] = [{"stock": 1, "else_": "rat"}, {"limit": 1, "else_": "rat"}, {"from_": 2}]
    for fields in moving:
        assert only(stored(paying("ox", weight=1, **fields), *others)).table.moves, fields
    guaranteed = stored(paying("ox", weight=1), *others, guarantee={"draws": 5, "rows": 1})
    assert only(guaranteed).table.moves
    gone = left(stored(paying("ox", weight=1, stock=1, else_="rat"), *others), 0, None, None)
    assert not only(gone).table.moves


def test_only_pools_that_pay_the_set_and_can_be_played_are_told() -> None:
    """A draft will be; what drains, was replaced or is closed will not."""
    live = msgspec.structs.replace(WHEEL, state="live")
    ended = [msgspec.structs.replace(WHEEL, state=state) for state in ("draining", "replaced", "closed")]
    strange = stored(paying("pig", weight=1), row("thanks", weight=1))
    assert len(odds_of(tables_of([WHEEL, live, *ended, strange]), terms(), NONE)) == 2


def test_a_full_set_is_certain() -> None:
    """Without another draw."""
    odds = only(WHEEL, ox=1, rat=1, tiger=1)
    assert (odds.expected, {each.alone for each in odds.within}) == (Fraction(), {Fraction(1)})
