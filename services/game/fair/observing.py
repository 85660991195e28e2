"""What a replay shows to whoever counts along: draws by pages of one pool, and those that were never taken.

Arrays of one page have one length, and are int64 where nothing else is said; rows are indexes of the table.
"""

from typing import TYPE_CHECKING, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from game.fair.scaling import Integers

if TYPE_CHECKING:
    from game.fair.state import PoolState


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """Draws of one pool that follow each other in the log, after they were counted in `pool`.

    `seat` is the index of the seat's entry, `picked` the row that X picks from the whole table (section 7),
    `paid` the row that the draw paid, `tag` the index of the player's tag in `pool.standings.tags`.
    """

    pool: "PoolState"
    t_ms: Integers
    seat: Integers
    n: Integers
    picked: Integers
    paid: Integers
    tag: Integers


class Untaken(msgspec.Struct, frozen=True, kw_only=True):
    """Draws of a pool that its close shows and nobody took; `first` (bool): the seat's next one."""

    pool: "PoolState"
    seat: Integers
    n: Integers
    first: NDArray[np.bool_]
    picked: Integers


class Observer(Protocol):
    """Is told every draw of a log once, up to the first finding."""

    def drawn(self, page: Drawn) -> None:
        """Draws that were replayed."""

    def untaken(self, page: Untaken) -> None:
        """Draws that lapsed with the close of their pool."""
