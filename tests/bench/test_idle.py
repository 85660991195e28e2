"""That a play is held to what it needs."""

from tests.bench.idle import LEAN, NECESSARY, PLAYED, STATEMENTS, label
from tests.bench.rounds import Round, Series


def series(name: str, *p50_ms: float) -> Series:
    """Turns with such medians."""
    rounds = [Round(units=1, seconds=1, cpu_us={}, latency_ms={"p50": each}) for each in p50_ms]
    return Series(name=name, rounds=rounds)


def test_a_play_is_compared_with_the_round_trips_of_its_own_round() -> None:
    """Two lean transactions stand for the statements in the second comparison alone."""
    shared = [series(name, 1.0, 2.0) for name in NECESSARY.keys() & LEAN.keys()]
    apart = [series(STATEMENTS, 3.0, 4.0), series("transaction", 0.5, 1.0)]
    assert label([series(PLAYED, 12.0, 16.0), *shared, *apart]) == (
        "1.80 times (1.60 to 2.00) the 8.0 ms of its round trips, "
        "2.50 times (2.00 to 3.00) the 6.0 ms of them with lean transactions"
    )
