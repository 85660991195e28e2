"""Tables that a well-known engine turned into other odds, through the service's own draw path.

That each r falls on its row, and none outside the table, stands in tests/fair/test_draw.py.
"""

from collections import Counter
from collections.abc import Sequence

import pytest

from game.fair.entries import PoolEntry
from game.fit.counts import fit_counts
from game.fit.eprocess import ALARM, log_evidence
from tests.fair import vectors
from tests.fit.drawn import pages, verified
from tests.plays.book import table

PUBLISHED = [odds["weights"] for odds in vectors.VALUES["odds"]]
published = pytest.mark.parametrize("weights", PUBLISHED, ids=str)


def wheel(weights: Sequence[int]) -> PoolEntry:
    """A wheel of rows with these weights, whose seats are good for as many draws as a seat can be."""
    rows = [{"id": f"row-{nth}", "weight": weight} for nth, weight in enumerate(weights)]
    return table("main", rows, seat_draws=256)


def paid(pool: PoolEntry, *, draws: int) -> list[int]:
    """How often the draw path pays each row."""
    counts = Counter(draw.row_ordinal for page in pages(pool, draws=draws) for draw in page.draws)
    return [counts[ordinal] for ordinal in range(len(pool.rows))]


def fits(counts: list[int], weights: list[int]) -> bool:
    """Whether neither the monitor nor the auditor's test says anything against it."""
    return log_evidence(counts, weights) < ALARM and fit_counts(counts, weights).p > 0.001


@published
def test_ten_thousand_draws_fit(weights: list[int]) -> None:
    """And no other of these tables fits them."""
    counts = paid(wheel(weights), draws=10_000)
    assert sum(counts) == 10_000
    assert fits(counts, weights)
    others = [other for other in PUBLISHED if len(other) == len(weights) and other != weights]
    assert all(log_evidence(counts, other) > ALARM for other in others)


@pytest.mark.slow
@published
def test_a_million_draws_fit(weights: list[int]) -> None:
    """The table as published, to about a thousandth."""
    counts = paid(wheel(weights), draws=1_000_000)
    assert sum(counts) == 1_000_000
    assert fits(counts, weights)


def test_the_auditor_accepts_these_draws() -> None:
    """What the draws are counted from is a log as any other."""
    pool = wheel(PUBLISHED[0])
    report = verified(pool, list(pages(pool, draws=1_000)))
    assert (report.verdict, report.warnings, report.pools[0].draws) == ("OK", (), 1_000)


def test_a_guaranteed_draw_uses_the_stock_like_any_other() -> None:
    """Each second draw is guaranteed; of the mugs as many are paid as there are, by whichever way."""
    rows = [
        {"id": "mug", "weight": 1, "stock": 7, "else": "tea"},
        {"id": "tea", "weight": 1},
        {"id": "no", "weight": 98},
    ]
    pool = table("main", rows, seat_draws=256, guarantee={"draws": 2, "rows": 2})
    made = list(pages(pool, draws=1_024))
    counts = Counter(draw.row_ordinal for page in made for draw in page.draws)
    assert counts[0] == 7
    assert counts[1] > 400
    assert verified(pool, made).verdict == "OK"
