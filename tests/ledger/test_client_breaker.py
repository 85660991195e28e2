"""The breaker and the pace, on a clock of their own; and the breaker seen through the client."""

import asyncio
import socket
from collections.abc import Iterator

import pytest

from ledger_client import Applied, LedgerClient, Options, Outcome, Unknown, UnknownReason
from ledger_client.pace import Breaker, RetryBudget, pause_seconds
from tests.ledger.scripted import ScriptedLedger, apply, at_once, beyond_all_time, status

SILENCE = 10.0


class Seconds:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def broken(clock: Seconds, *, failures: int) -> Breaker:
    """A breaker of three failures, a silence and a minute, after that many."""
    options = Options(breaker_failures=3, breaker_silence_seconds=SILENCE, breaker_open_seconds=60)
    breaker = Breaker(options, clock=clock)
    for _ in range(failures):
        assert breaker.admit()
        breaker.lose()
    return breaker


def test_a_few_failures_do_not_open() -> None:
    """Below the limit, calls go on."""
    assert broken(Seconds(), failures=2).admit()


def test_failures_in_a_row_open() -> None:
    """At the limit, calls are refused."""
    breaker = broken(Seconds(), failures=3)
    assert breaker.is_open
    assert breaker.refuses()
    assert not breaker.admit()


def test_a_success_between_failures_counts_from_zero() -> None:
    """Only failures in a row open it."""
    breaker = broken(Seconds(), failures=2)
    breaker.succeed()
    breaker.lose()
    breaker.lose()
    assert not breaker.is_open


def test_one_probe_at_a_time() -> None:
    """After the time is up, one call may try; the next one waits for what it finds."""
    clock = Seconds()
    breaker = broken(clock, failures=3)
    clock.now += 59.9
    assert breaker.refuses()
    clock.now += 0.1
    assert breaker.admit()
    assert not breaker.admit()
    breaker.succeed()
    assert breaker.admit()
    assert breaker.admit()


def test_a_failed_probe_opens_again() -> None:
    """One failure of a probe is enough."""
    clock = Seconds()
    breaker = broken(clock, failures=3)
    clock.now += 60
    assert breaker.admit()
    breaker.lose()
    clock.now += 59
    assert breaker.refuses()
    clock.now += 1
    assert not breaker.refuses()


def test_silence_after_a_lost_call_opens() -> None:
    """One lost call is enough when nothing is answered for a while, whether or not anybody calls again."""
    clock = Seconds()
    breaker = broken(clock, failures=1)
    clock.now += SILENCE
    assert breaker.is_open
    assert not breaker.admit()
    clock.now += 60
    assert breaker.admit()
    assert not breaker.admit()


def test_an_answer_after_a_lost_call_ends_the_silence() -> None:
    """A retry that is answered opens nothing, and the next lost call has its own time."""
    clock = Seconds()
    breaker = broken(clock, failures=1)
    clock.now += SILENCE / 2
    breaker.succeed()
    clock.now += SILENCE
    breaker.lose()
    clock.now += SILENCE - 0.1
    assert not breaker.is_open
    clock.now += 0.1
    assert breaker.is_open


def test_a_silent_ledger_is_found_out_within_two_seconds() -> None:
    """By the client's own limits: from the start of the first lost call, under any load."""
    assert Options().call_seconds + Options().breaker_silence_seconds < 2


def test_failing_probes_come_at_intervals_that_double() -> None:
    """Up to a limit, and an answer begins anew."""
    clock = Seconds()
    breaker = Breaker(
        Options(breaker_failures=1, breaker_open_seconds=1, breaker_open_seconds_max=5), clock=clock
    )
    assert [_interval(breaker, clock) for _ in range(5)] == [1, 2, 4, 5, 5]
    assert breaker.admit()
    breaker.succeed()
    assert _interval(breaker, clock) == 1


def _interval(breaker: Breaker, clock: Seconds) -> float:
    """Lose a call, and wait in quarters of a second until the next may be made."""
    assert breaker.admit()
    breaker.lose()
    lost_at = clock.now
    while breaker.refuses():
        clock.now += 0.25
    return clock.now - lost_at


def test_calls_that_were_under_way_do_not_slow_the_probes() -> None:
    """Only probes tell that the ledger is still away."""
    clock = Seconds()
    breaker = broken(clock, failures=3)
    for _ in range(3):
        breaker.lose()
    clock.now += 60
    assert not breaker.refuses()


def test_the_budget_is_spent_and_refilled() -> None:
    """It never holds more than its capacity, nor gives what it has not."""
    budget = RetryBudget(Options(budget_calls=2, budget_refund=0.5))
    budget.refund()
    assert budget.take(2)
    assert not budget.take(1)
    budget.refund()
    assert not budget.take(1)
    budget.refund()
    assert budget.take(1)


@pytest.mark.parametrize(
    ("failures", "throttled", "retry_after_seconds", "expected"),
    [
        (1, False, None, 0.05),
        (2, False, None, 0.1),
        (1, True, None, 1.0),
        (2, True, None, 2.0),
        (20, True, None, 5.0),
        (1, False, 3.0, 3.05),
        (1, False, 1e9, 60.05),
    ],
)
def test_the_longest_pause(
    failures: int, throttled: bool, retry_after_seconds: float | None, expected: float
) -> None:
    """The jitter reaches from nothing to this, on top of what the ledger asked for."""

    def pause(random: float) -> float:
        return pause_seconds(
            Options(),
            failures=failures,
            throttled=throttled,
            retry_after_seconds=retry_after_seconds,
            random=lambda: random,
        )

    assert pause(1.0) == pytest.approx(expected)
    assert pause(0.0) == min(retry_after_seconds or 0.0, 60.0)


@pytest.mark.asyncio
async def test_an_open_breaker_refuses_plays_unsent(scripted_ledger: ScriptedLedger) -> None:
    """When the ledger is down, a play is refused before anything is stored, and nothing is sent."""
    scripted_ledger.rule = status(500)
    async with at_once(scripted_ledger, Options(breaker_open_seconds=60)) as client:
        assert client.available()
        await apply(client, "a")
        await apply(client, "b")
        assert not client.available()
        assert await apply(client, "c") == Unknown("c", UnknownReason.CIRCUIT_OPEN)
    assert len(scripted_ledger.calls) == 5


@pytest.mark.asyncio
async def test_the_breaker_closes_when_a_probe_gets_through(scripted_ledger: ScriptedLedger) -> None:
    """Then all is well again."""
    scripted_ledger.script.extend([status(500)] * 5)
    async with at_once(scripted_ledger, Options(breaker_open_seconds=0.0)) as client:
        assert isinstance(await apply(client, "a"), Unknown)
        assert isinstance(await apply(client, "b"), Applied)
        assert client.available()


@pytest.mark.asyncio
async def test_a_probe_is_one_operation(scripted_ledger: ScriptedLedger) -> None:
    """The others of its batch follow when it is answered, and are given up unsent when it is not."""
    scripted_ledger.script.extend([status(500)] * 2)
    options = Options(breaker_failures=1, breaker_open_seconds=0.1, breaker_open_seconds_max=0.1)
    async with at_once(scripted_ledger, options) as client:
        assert isinstance(await apply(client, "first"), Unknown)
        lost = await _batch_of_three(client, "lost")
        found = await _batch_of_three(client, "found")
    assert lost[1:] == [Unknown(f"lost{number}", UnknownReason.CIRCUIT_OPEN) for number in (1, 2)]
    assert [type(outcome) for outcome in found] == [Applied] * 3
    calls = [sent.ids for sent in scripted_ledger.calls]
    assert calls == [["first"], ["lost0"], ["found0"], ["found1", "found2"]]


async def _batch_of_three(client: LedgerClient, name: str) -> list[Outcome]:
    """Three operations at once, as soon as the breaker lets a probe through."""
    async with asyncio.timeout(10):
        while not client.available():  # noqa: ASYNC110 - only time opens it
            await asyncio.sleep(0.01)
    return await asyncio.gather(*(apply(client, f"{name}{number}") for number in range(3)))


@pytest.mark.asyncio
async def test_a_probe_whose_caller_went_away_frees_the_way(unanswering: str) -> None:
    """The next one may probe; otherwise nothing would ever be sent again."""
    options = Options(breaker_failures=1, breaker_open_seconds=0.0, call_seconds=0.01)
    async with LedgerClient.open(unanswering, "token", options, random=lambda: 0.0) as client:
        assert isinstance(await apply(client, "a", seconds=0.5), Unknown)
        for _ in range(2):
            probe = asyncio.create_task(client.fence("a"))
            await asyncio.sleep(0)
            assert not client.available()
            probe.cancel()
            with pytest.raises(asyncio.CancelledError):
                await probe
            assert client.available()


@pytest.mark.asyncio
async def test_a_probe_whose_answer_is_absurd_frees_the_way(scripted_ledger: ScriptedLedger) -> None:
    """A ledger that asks for a pause of no measure is asked again, and not left for ever."""
    scripted_ledger.script.extend([status(500), *[beyond_all_time] * 3])
    options = Options(breaker_failures=1, breaker_open_seconds=0.0, breaker_open_seconds_max=0.0)
    async with at_once(scripted_ledger, options) as client:
        assert isinstance(await apply(client, "a"), Unknown)
        assert isinstance(await apply(client, "b"), Applied)


@pytest.fixture
def unanswering() -> Iterator[str]:
    """The URL of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_ledger_that_says_it_is_down_is_not_silent() -> None:
    """One such answer opens nothing, however long nobody calls; as many in a row as lost calls do."""
    clock = Seconds()
    breaker = broken(clock, failures=0)
    breaker.fail()
    clock.now += SILENCE
    assert not breaker.is_open
    breaker.fail()
    breaker.fail()
    assert breaker.is_open


@pytest.mark.asyncio
async def test_a_ledger_that_says_it_is_down_opens_the_breaker(scripted_ledger: ScriptedLedger) -> None:
    """Nothing was executed, and nothing would be: later plays are refused before anything is stored."""
    scripted_ledger.rule = status(503, Ledger_Executed="no")
    async with at_once(scripted_ledger, Options(breaker_open_seconds=60)) as client:
        assert await apply(client, "a") == Unknown("a", UnknownReason.THROTTLED)
        assert client.available()
        await apply(client, "b")
        assert not client.available()


@pytest.mark.asyncio
async def test_throttling_does_not_open_the_breaker(scripted_ledger: ScriptedLedger) -> None:
    """A ledger that says no is not down."""
    scripted_ledger.rule = status(429)
    async with at_once(scripted_ledger, Options(breaker_open_seconds=60)) as client:
        await asyncio.gather(*(apply(client, f"a{number}", subject="player:a") for number in range(5)))
        await apply(client, "b")
        await apply(client, "c")
        assert client.available()
