"""Whether the odds held all the time: windows of successive draws that do not overlap, each tested."""

import numpy as np

from game.fit.counts import fit_counts
from game.fit.fits import Fit, Whole, least


def fit_windows(windows: Whole, weights: Whole) -> Fit:
    """The window that fits least, corrected for their number. `windows` is windows by rows.

    A window is a fixed number of draws, or ends where no outcome decided about it.
    """
    windows = np.asarray(windows, np.int64).reshape(-1, len(weights))
    chances = np.array([fit_counts(window, weights).p for window in windows])
    p, at = least(chances)
    return Fit("windows", int(windows.sum()), p, at)
