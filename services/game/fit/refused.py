"""Whether draws that were refused, or never taken, would have won more than those that were drawn."""

import numpy as np

from game.fit.fits import Fit, Whole, least
from game.fit.tails import at_least


def fit_refused(refused: Whole, settled: Whole) -> Fit:
    """Fisher's exact test, one-sided: for each row but the last, and for all of these together.

    Two counts by row, in the order of the table; the last row is what nobody minds. No odds enter, so this
    holds for any table. `at` is the row, or their number for all together. A suppressed winner stands among
    the refused.
    """
    refused, settled = np.asarray(refused, np.int64), np.asarray(settled, np.int64)
    drawn, total = int(refused.sum()), int(refused.sum() + settled.sum())
    won = np.append(refused[:-1], refused[:-1].sum())
    all_won = np.append((refused + settled)[:-1], (refused + settled)[:-1].sum())
    chances = [
        at_least(int(count), total=total, marked=int(ones), drawn=drawn)
        for count, ones in zip(won, all_won, strict=True)
    ]
    p, at = least(np.array(chances))
    return Fit("hypergeometric", drawn, p, at)
