"""What is counted along while a log is replayed."""

import pytest

from game.auditor.tally import Tally
from game.fair.verify import Report, verify_log
from tests.fair import vectors
from tests.fair.vectors import VERIFIER
from tests.fair.writer import SECRET, TERMS, LogWriter, checkpoint_of

ROWS = [
    {"id": "mug", "weight": 2, "stock": 3, "else": "nothing"},
    {"id": "pen", "weight": 3},
    {"id": "nothing", "weight": 5},
]
SEATS = 30
SEAT_DRAWS = 4


def written(*, closed: bool) -> LogWriter:
    """Thirty players with a seat each, of whose four draws they take none, two or all."""
    writer = LogWriter()
    terms = {**TERMS, "game": "wheel", "pool": "w", "weight": 10, "rows": ROWS, "seat_draws": SEAT_DRAWS}
    pool = writer.pool(SECRET, **terms)
    names = [f"{number + 1:02x}" * 16 for number in range(SEATS)]
    seats = [writer.seat(pool, seed=name, seat_id=name, tag=name) for name in names]
    for number, seat in enumerate(seats):
        for _ in range((0, 2, SEAT_DRAWS)[number % 3]):
            writer.draw(seat)
    if closed:
        writer.close(pool)
    return writer


def tallied(writer: LogWriter) -> tuple[Report, Tally]:
    """The replay's report, and what was counted along."""
    tally = Tally()
    return verify_log(writer.lines, checkpoint_of(writer.lines), VERIFIER, observer=tally), tally


@pytest.mark.parametrize("closed", [False, True])
def test_the_counts_are_those_of_the_replay(closed: bool) -> None:
    """Row by row: drawn, each seat's next draw, the later ones, what is left, and the seats."""
    report, tally = tallied(written(closed=closed))
    (pool,), (counted,) = report.pools, tally.statistics().pools
    assert counted.draws == pool.draws == SEATS // 3 * (2 + SEAT_DRAWS)
    assert [(row.drawn, row.next, row.later) for row in counted.rows] == [
        (row.drawn, row.next, row.later) for row in pool.rows
    ]
    assert counted.windows[-1].left == tuple(row.left for row in pool.rows)
    assert (counted.seats_begun, counted.seats_used_up) == (20, 10)
    assert counted.seats_abandoned == pool.abandoned == (10 if closed else 0)
    assert counted.players == 20


def test_an_honest_log_is_not_warned_about() -> None:
    """And every test of it was made, each player known by tag after the close too."""
    _, tally = tallied(written(closed=True))
    statistics = tally.statistics()
    assert (statistics.warnings, statistics.notes, statistics.tests) == ((), (), 9)
    player = next(test for test in statistics.pools[0].tests if test.name == "player")
    assert player.at in {f"tag {f'{number + 1:02x}' * 16}" for number in range(SEATS)}


def test_the_vectors_log_is_not_warned_about() -> None:
    """Wheels, urns, replaced pools and sealed ones, counted as the vectors have it."""
    tally = Tally()
    report = verify_log(vectors.LINES, vectors.CHECKPOINT, VERIFIER, observer=tally)
    statistics = tally.statistics()
    assert (statistics.warnings, statistics.notes) == ((), ())
    counts = {pool.id: [(row.drawn, row.next, row.later) for row in pool.rows] for pool in report.pools}
    for pool in statistics.pools:
        assert [(row.drawn, row.next, row.later) for row in pool.rows] == counts[pool.id]


def test_a_log_without_draws_has_no_statistics() -> None:
    """Nothing was seen."""
    assert Tally().statistics().pools == ()
