"""A card shows its prize and nothing else: no near misses, and nothing that tells two tickets apart."""

from collections import Counter
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from game.campaigns.rules import PrizeKind
from game.scratch.rules import BLANKS, artwork
from tests.support.terms import scratch_terms

KINDS = st.lists(st.sampled_from(get_args(PrizeKind)), min_size=1, max_size=256)
LEAF_HASHES = st.binary(min_size=32, max_size=32)
GRID_LINES = [
    *({(row, column) for column in range(3)} for row in range(3)),
    *({(row, column) for row in range(3)} for column in range(3)),
    {(0, 0), (1, 1), (2, 2)},
    {(0, 2), (1, 1), (2, 0)},
]


@given(KINDS, LEAF_HASHES, LEAF_HASHES, st.data())
def test_a_card_is_a_function_of_its_row(
    kinds: list[PrizeKind], leaf_hash: bytes, other: bytes, data: st.DataObject
) -> None:
    """Two tickets that pay the same look the same, to the last cell."""
    terms, row = scratch_terms(kinds), data.draw(st.integers(0, len(kinds) - 1))
    assert artwork(terms, row, leaf_hash) == artwork(terms, row, other)


@given(KINDS)
def test_a_winning_card_shows_its_own_symbol_three_times_in_a_line(kinds: list[PrizeKind]) -> None:
    """The other six cells are blanks, no two alike."""
    terms = scratch_terms(kinds)
    for prize in terms.prizes:
        if prize.kind == "nothing":
            continue
        symbols = artwork(terms, prize.ordinal, bytes(32)).symbols
        own = {divmod(cell, 3) for cell, symbol in enumerate(symbols) if symbol == prize.row_id}
        others = Counter(symbol for symbol in symbols if symbol != prize.row_id)
        assert own in GRID_LINES
        assert len(others) == 6
        assert set(others) <= set(BLANKS)


@given(KINDS)
def test_a_losing_card_shows_no_prize_at_all(kinds: list[PrizeKind]) -> None:
    """Nine different blanks: not even two of a prize's symbol, so nobody nearly won."""
    terms = scratch_terms([*kinds, "nothing"])
    for prize in terms.prizes:
        if prize.kind == "nothing":
            assert sorted(artwork(terms, prize.ordinal, bytes(32)).symbols) == sorted(BLANKS)
