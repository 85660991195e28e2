"""Evidence against published odds that may be looked at after every draw.

The e-process of a mixture of Dirichlet priors around the published odds against these odds themselves: under
them its expectation is 1 at any time, however that time is chosen, so by Ville's inequality it ever reaches
1/alpha with a chance of at most alpha. Source: Ville 1939; Grünwald, de Heide, Koolen, "Safe Testing", 2024;
Howard, Ramdas, McAuliffe, Sekhon, "Time-uniform confidence sequences", 2021.

With `math` alone: a service process that loads scipy for three logarithms stands still for 0.2 s.
"""

from collections.abc import Callable, Sequence
from math import exp, inf, lgamma, log
from typing import Final

# How close to the published odds the priors lie, in draws that they are worth.
CONCENTRATIONS: Final = (1.0, 10.0, 100.0, 1_000.0, 10_000.0, 100_000.0)
BISECTIONS: Final = 60
# What the false alarms of all pools together may come to, and over how much (docs/decisions/0032-monitor.md).
FALSE_ALARMS_A_YEAR: Final = 0.01
POOLS_A_YEAR: Final = 10_000
TESTS_A_POOL: Final = 3
ALPHA: Final = FALSE_ALARMS_A_YEAR / (POOLS_A_YEAR * TESTS_A_POOL)
ALARM: Final = -log(ALPHA)


def log_evidence(counts: Sequence[int], weights: Sequence[int]) -> float:
    """The natural logarithm of the evidence that rows picked so often do not have these weights.

    0 before the first draw; infinite where a row of weight 0 was picked.
    """
    if any(count and not weight for count, weight in zip(counts, weights, strict=True)):
        return inf
    total = sum(weights)
    rows = [(n, weight / total) for n, weight in zip(counts, weights, strict=True) if weight]
    published = sum(n * log(odds) for n, odds in rows)
    return _log_mean([_log_marginal(rows, worth) - published for worth in CONCENTRATIONS])


def _log_marginal(rows: Sequence[tuple[int, float]], worth: float) -> float:
    """The chance of such a sequence of picks where the odds themselves have a Dirichlet prior."""
    draws = sum(n for n, _ in rows)
    each = (lgamma(worth * odds + n) - lgamma(worth * odds) for n, odds in rows)
    return lgamma(worth) - lgamma(worth + draws) + sum(each)


def _log_mean(logs: Sequence[float]) -> float:
    greatest = max(logs)
    return greatest + log(sum(exp(each - greatest) for each in logs) / len(logs))


def interval(count: int, draws: int, *, alpha: float) -> tuple[float, float]:
    """Bounds of a row's true odds that hold at all times at once, but for a chance of `alpha`.

    What a Beta(1/2, 1/2) mixture does not refute. 0 and 1 before the first draw.
    """
    other = draws - count
    marginal = lgamma(count + 0.5) + lgamma(other + 0.5) - lgamma(draws + 1) - 2 * lgamma(0.5)

    def is_refuted(odds: float) -> bool:
        return marginal - _times_log(count, odds) - _times_log(other, 1 - odds) >= -log(alpha)

    share = count / draws if draws else 0.5
    return _edge(is_refuted, share, 0.0), _edge(is_refuted, share, 1.0)


def _edge(is_refuted: Callable[[float], bool], inside: float, outside: float) -> float:
    """Where odds begin to be refuted on the way out; the end of the way where they never are."""
    if not is_refuted(outside):
        return outside
    for _ in range(BISECTIONS):
        middle = (inside + outside) / 2
        inside, outside = (inside, middle) if is_refuted(middle) else (middle, outside)
    return outside


def _times_log(n: int, odds: float) -> float:
    if n == 0:
        return 0.0
    return n * log(odds) if odds > 0 else -inf
