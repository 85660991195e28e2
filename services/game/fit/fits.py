"""What a test came to, and the arrays that tests take."""

from collections.abc import Sequence
from typing import Literal, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

Counts: TypeAlias = npt.NDArray[np.int64]
Reals: TypeAlias = npt.NDArray[np.float64]
# What a caller may hand over: arrays, or plain sequences of whole numbers.
Whole: TypeAlias = Sequence[int] | Sequence[Sequence[int]] | npt.NDArray[np.integer]

Method = Literal["impossible", "exact", "chi-square", "windows", "hypergeometric", "e-value"]


class Fit(msgspec.Struct, frozen=True):
    """One test. `p` is the chance, were the odds as published, of counts at least this far from them.

    `p` is never too small: the chance that a fair pool shows `p` <= a is at most a (for `chi-square` above
    CHI_SQUARE_TRUSTED: about a). `draws` are those that were looked at. `at` is the index of the window, row
    or player that stands out most, where the test looks at each; None without any.
    """

    method: Method
    draws: int
    p: float
    at: int | None = None


def least(chances: Reals) -> tuple[float, int | None]:
    """The least chance of several tests, times their number (Bonferroni), and which one it is."""
    if len(chances) == 0:
        return 1.0, None
    at = int(np.argmin(chances))
    return min(1.0, float(chances[at]) * len(chances)), at
