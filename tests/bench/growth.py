"""How much something grows in an hour, by samples that hang together."""

import math
from collections.abc import Sequence

import msgspec
import numpy as np
from scipy import stats

CONFIDENCE = 0.95
# Caches fill and pools open in the first part of a run.
SETTLING_SHARE = 0.2
MOST_CORRELATED = 0.99


class Slope(msgspec.Struct, frozen=True, kw_only=True):
    """Growth in an hour, with an interval of 95 %."""

    per_hour: float
    least: float
    most: float


def settled(samples: int) -> int:
    """The first of so many samples that counts."""
    return int(samples * SETTLING_SHARE)


def slope_of(hours: Sequence[float], values: Sequence[float]) -> Slope:
    """The line through all samples, which are at equal distances; at least three.

    Memory grows in steps, so that a sample is much like the one before: the interval is that of as few
    independent samples as the correlation of neighbouring residuals leaves (an autoregressive process of the
    first order).
    """
    times = np.asarray(hours) - np.mean(hours)
    slope = float(times @ np.asarray(values) / (times @ times))
    residuals = np.asarray(values) - np.mean(values) - slope * times
    power, free = float(residuals @ residuals), len(values) - 2
    correlation = float(residuals[1:] @ residuals[:-1]) / power if power > 0 else 0.0
    r = min(max(correlation, 0.0), MOST_CORRELATED)
    error = math.sqrt(power / free / (times @ times) * (1 + r) / (1 - r))
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, free)) * error
    return Slope(per_hour=slope, least=slope - reach, most=slope + reach)
