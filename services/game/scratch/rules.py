"""What a scratch card shows once it is uncovered.

A winning card shows its prize's symbol three times in a line; every other symbol is a blank that stands for
nothing and shows once. A losing card has blanks only, so it never looks as if it had almost won.
"""

from typing import Final

import msgspec

from game.campaigns.rules import PoolTerms

CELLS: Final = 9
LINES: Final = (
    (0, 1, 2), (3, 4, 5), (6, 7, 8),
    (0, 3, 6), (1, 4, 7), (2, 5, 8),
    (0, 4, 8), (2, 4, 6),
)  # fmt: skip
# No row's id has an underscore, so a blank is never taken for a prize.
BLANKS: Final = tuple(f"_{number}" for number in range(1, CELLS + 1))


class Artwork(msgspec.Struct, frozen=True, kw_only=True):
    """Nine symbols, row by row. A symbol is the id of a prize's row, or a blank: `_1` to `_9`."""

    symbols: tuple[str, ...]


def artwork(terms: PoolTerms, row_ordinal: int, _leaf_hash: bytes) -> Artwork:
    """The card of a row: the same for every ticket of it, so a card tells no more than its prize."""
    prize = terms.prizes[row_ordinal]
    shift = row_ordinal % CELLS
    symbols = [*BLANKS[shift:], *BLANKS[:shift]]
    if prize.kind != "nothing":
        for cell in LINES[row_ordinal % len(LINES)]:
            symbols[cell] = prize.row_id
    return Artwork(symbols=tuple(symbols))
