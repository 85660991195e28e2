"""Scaling and picking by numpy, exactly as `draw.scale` and `draw.pick` do it one by one."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Integers = NDArray[np.int64]


def words_of(digests: Sequence[bytes]) -> Words:
    """Digests of 32 bytes as rows of eight 32-bit words, most significant first."""
    joined = np.frombuffer(b"".join(digests), dtype=">u4").reshape(-1, 8)
    return joined.astype(np.uint64)


def scale_all(words: Words, totals: int | Integers) -> Integers:
    """X * total >> 256 of each row, for totals of 0 … 2^32.

    Word by word from the least: word * total + carry is below 2^64, and its carry below 2^32.
    """
    factor = np.asarray(totals).astype(np.uint64)
    carry = np.zeros(len(words), dtype=np.uint64)
    for word in reversed(range(8)):
        carry = (words[:, word] * factor + carry) >> np.uint64(32)
    return carry.astype(np.int64)


def pick_all(weights: Sequence[int] | Integers, words: Words) -> Integers:
    """The index that each X picks from one table of weights; their number where they sum to 0."""
    edges = np.cumsum(np.asarray(weights, dtype=np.int64))
    return np.searchsorted(edges, scale_all(words, int(edges[-1])), side="right").astype(np.int64)
