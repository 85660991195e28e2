"""That a play is held to what it needs."""

from tests.bench.idle import NECESSARY, PLAYED, STATEMENTS, label
from tests.bench.rounds import Round, Series


def series(name: str, *p50_ms: float) -> Series:
    """Turns with such medians."""
    rounds = [Round(units=1, seconds=1, cpu_us={}, latency_ms={"p50": each}) for each in p50_ms]
    return Series(name=name, rounds=rounds)


def test_a_play_is_compared_with_the_round_trips_of_its_own_round() -> None:
    """Two transactions and one of each other count; its statements do for its own round trips alone."""
    needed = [series(name, 1.0, 2.0) for name in NECESSARY]
    own = series(STATEMENTS, 17.0, 54.0)
    assert sum(NECESSARY.values()) == 5
    assert label([series(PLAYED, 10.0, 30.0), *needed, own]) == (
        "a play takes 2.50 times (2.00 to 3.00) what it needs, 7.5 ms, "
        "and 0.50 times (0.50 to 0.50) its own round trips, 40.0 ms"
    )
