"""Warnings about outcomes that the published odds do not explain."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.fair.statistics import MAX_FALSE_ALARM, chance_bound
from game.fair.verify import Report
from tests.fair.writer import SECRET, TERMS, URN, LogWriter

ROWS = [{"id": "gold", "weight": 1}, {"id": "nothing", "weight": 99}]
SEATS = 4


def binomial_tail(count: int, draws: int, odds: float) -> float:
    """The exact chance of a count at least as far from the mean, on its side."""
    above = count >= draws * odds
    counts = range(count, draws + 1) if above else range(count + 1)
    return sum(math.comb(draws, each) * odds**each * (1 - odds) ** (draws - each) for each in counts)


@given(st.integers(1, 60), st.data())
def test_the_bound_is_above_the_exact_chance(draws: int, data: st.DataObject) -> None:
    """Chernoff's bound never claims that something is rarer than it is."""
    count = data.draw(st.integers(0, draws))
    odds = data.draw(st.sampled_from([1e-9, 0.001, 0.25, 0.5, 0.9, 0.999]))
    assert chance_bound(count, draws, odds) >= binomial_tail(count, draws, odds) * (1 - 1e-9)


@pytest.mark.parametrize(
    ("count", "draws", "odds", "bound"),
    [
        (0, 10, 0.0, 1),
        (10, 10, 1.0, 1),
        (1, 10, 0.0, 0),
        (9, 10, 1.0, 0),
        (5, 10, 0.5, 1),
        (10, 10, 0.5, 2**-10),
    ],
)
def test_the_bound_at_its_edges(count: int, draws: int, odds: float, bound: float) -> None:
    """What is certain, what is impossible, what is expected."""
    assert chance_bound(count, draws, odds) == pytest.approx(bound)


def wheel_terms(draws: int) -> dict[str, object]:
    """A wheel without a beacon, whose seats have so many draws."""
    return {**TERMS, "game": "wheel", "pool": "w", "weight": 100, "rows": ROWS, "seat_draws": draws}


def seed_with(*, gold_at: int, tag: str) -> str:
    """A seed with which this draw of the seat picks gold: what an operator who knows the secret can grind."""
    for number in range(10_000):
        seed = number.to_bytes(16, "big").hex()
        writer = LogWriter()
        seat = writer.seat(writer.pool(SECRET, **wheel_terms(3)), seed=seed, seat_id=tag, tag=tag)
        if writer.x(seat, gold_at) * 100 >> 256 == 0:
            return seed
    raise AssertionError("no such seed")


def log_of_ground_seats(*, gold_at: int, taken: int) -> Report:
    """Four seats, ground so that one certain draw of each is gold, of which some are taken."""
    writer = LogWriter()
    pool = writer.pool(SECRET, **wheel_terms(3))
    tags = [f"{number:02x}" * 16 for number in range(SEATS)]
    seats = [
        writer.seat(pool, seed=seed_with(gold_at=gold_at, tag=tag), seat_id=tag, tag=tag) for tag in tags
    ]
    for seat in seats:
        for _ in range(taken):
            writer.draw(seat)
    writer.close(pool)
    return writer.verified()


@pytest.mark.parametrize(
    ("gold_at", "taken", "group", "draws"),
    [(1, 1, "drawn", 4), (2, 1, "next", 4), (3, 1, "later", 4), (1, 0, "next", 4)],
)
def test_chosen_outcomes_are_warned_about(gold_at: int, taken: int, group: str, draws: int) -> None:
    """Wins that were arranged, wins that were refused: the log is right, and the odds say how odd it is."""
    report = log_of_ground_seats(gold_at=gold_at, taken=taken)
    assert report.verdict == "OK"
    assert f"pool w: row gold is {SEATS} of {draws} {group} draws at 1/100" in report.warnings


def test_what_a_row_may_be_seen_how_often() -> None:
    """Four golds at 1/100 are below the bound, two are not."""
    assert chance_bound(4, 4, 0.01) < MAX_FALSE_ALARM < chance_bound(2, 4, 0.01)


def test_an_urn_without_tickets_has_no_odds() -> None:
    """Seats of a pool that continues a sold-out one with nothing have no untaken draws to look at."""
    writer = LogWriter()
    pool = writer.pool(SECRET, **URN)
    seat = writer.seat(pool, seed="5e" * 16)
    for _ in range(3):
        writer.draw(seat)
    empty = [{"id": "gold", "count": 0}, {"id": "nothing", "count": 0}]
    later = {
        "t": TERMS["opens"] + 10_000,
        "opens": TERMS["opens"] + 10_000,
        "pool": "urn-2",
        "replaces": pool,
    }
    again = writer.pool(bytes(32), **{**URN, **later, "rows": empty, "tickets": 0})
    writer.seat(again, t=later["t"], seed="5e" * 16, seat_id="02" * 16)
    writer.close(again, t=later["t"])
    report = writer.verified()
    assert (report.verdict, report.says, report.warnings) == ("OK", None, ())
    assert [(row.next, row.later) for row in report.pools[1].rows] == [(0, 0), (0, 0)]
