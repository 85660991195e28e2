"""What messages say, how long they wait, and when an endpoint is given up."""

import json
from itertools import accumulate

import pytest

from game.webhooks.out.rules import (
    DAY_MS,
    GIVEN_UP_AFTER_MS,
    HOUR_MS,
    PauseReason,
    Sent,
    body_of,
    giving_up,
    pause_ms,
)


def sent(status: int | None) -> Sent:
    """What came of an attempt."""
    return Sent(began_ms=0, took_ms=1, status=status, error=None if status else "timeout", excerpt="")


@pytest.mark.parametrize(
    ("status", "is_taken"),
    [(None, False), (199, False), (200, True), (204, True), (299, True), (300, False), (302, False),
     (404, False), (410, False), (500, False)],
)  # fmt: skip
def test_only_an_answer_of_200s_takes_a_message(status: int | None, *, is_taken: bool) -> None:
    """A redirect is none, and neither is silence."""
    assert sent(status).is_taken == is_taken


def test_the_schedule_is_the_standards() -> None:
    """Ten attempts over more than three days, each pause longer than the one before."""
    pauses = [pause_ms(attempts) for attempts in range(1, 11)]
    assert pauses[:4] == [5_000, 300_000, 1_800_000, 2 * HOUR_MS]
    assert pauses[9] is None
    given = [pause for pause in pauses if pause is not None]
    assert len(given) == 9
    assert given == sorted(set(given))
    assert 3 * DAY_MS < sum(given) < 4 * DAY_MS


def test_an_endpoint_is_given_up_before_a_message_is() -> None:
    """Whoever comes back after two days has lost nothing: the last attempt is later than that."""
    attempts_ms = list(accumulate(pause for pause in map(pause_ms, range(1, 10)) if pause is not None))
    assert any(at_ms >= GIVEN_UP_AFTER_MS for at_ms in attempts_ms[:-1])


@pytest.mark.parametrize(
    ("status", "failing_since_ms", "reason"),
    [
        (410, None, "gone"),
        (410, 0, "gone"),
        (500, None, None),
        (500, 1, None),
        (500, 0, "failing"),
        (None, 0, "failing"),
    ],
)
def test_when_an_endpoint_is_paused(
    status: int, failing_since_ms: int | None, reason: PauseReason | None
) -> None:
    """At once where it says that it is gone, else after two days without a success."""
    assert giving_up(sent(status), failing_since_ms=failing_since_ms, now_ms=GIVEN_UP_AFTER_MS) == reason


@pytest.mark.parametrize(
    ("subject", "data"),
    [(None, {"row": "tea", "units_left": 3}), ("ann", {"subject": "ann", "row": "tea", "units_left": 3})],
)
def test_a_body(subject: str | None, data: dict[str, object]) -> None:
    """Type, time and data; the subject is there only where we know one."""
    body = body_of(type_="stock.low", told_ms=1_500, data={"row": "tea", "units_left": 3}, subject=subject)
    wanted = {"type": "stock.low", "timestamp": "1970-01-01T00:00:01.500000Z", "data": data}
    assert json.loads(body) == wanted
