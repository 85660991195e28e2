"""What the client tells whoever measures or traces it."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import pytest_asyncio

from ledger_client import (
    Applied,
    BadCredentials,
    Call,
    Fenced,
    Hooks,
    Lane,
    LedgerClient,
    Options,
    Outcome,
    Unknown,
    UnknownReason,
    Wait,
)
from ledger_client.transport import Request
from tests.ledger.scripted import ScriptedLedger, apply, failing_on, page, status

BATCH = "/v1/operations:batch"


class Recorder(Hooks):
    """Keeps what it is told, in order."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.waits: list[Wait] = []
        self.calls: list[Call] = []
        self.has_called = asyncio.Event()

    def waiting(self, wait: Wait) -> None:
        self.waits.append(wait)
        self.told.append(("waiting", wait.operation_id, wait.lane))

    def ended(self, wait: Wait, *, outcome: Outcome | None, seconds: float) -> None:
        self.waits.remove(wait)
        self.told.append(("ended", wait.operation_id, None if outcome is None else type(outcome)))
        assert seconds >= 0

    def calling(self, call: Call) -> Mapping[str, str]:
        self.calls.append(call)
        self.has_called.set()
        self.told.append(("calling", call.route, call.attempt, call.operation_ids))
        return super().calling(call)

    def called(self, call: Call, *, result: str, seconds: float) -> None:
        self.calls.remove(call)
        self.told.append(("called", result, call.items))
        assert seconds >= 0

    def split(self, *, items: int) -> None:
        self.told.append(("split", items))

    def breaker_changed(self, *, is_open: bool) -> None:
        self.told.append(("open" if is_open else "closed",))


class Tracer(Hooks):
    """A tracer as OpenTelemetry's would be: a span for each wait and each call, carried as `traceparent`."""

    def __init__(self) -> None:
        self.spans: dict[str, str] = {}
        self.calls: dict[Call, str] = {}
        self.links: list[tuple[str, tuple[str, ...]]] = []

    def waiting(self, wait: Wait) -> None:
        self.spans[wait.operation_id] = f"{len(self.spans) + 1:032x}"

    def calling(self, call: Call) -> Mapping[str, str]:
        span = f"{len(self.links) + 1:016x}"
        self.calls[call] = span
        self.links.append((span, tuple(self.spans[id_] for id_ in call.operation_ids)))
        return {"traceparent": f"00-{self.spans[call.operation_ids[0]]}-{span}-01"}

    def called(self, call: Call, *, result: str, seconds: float) -> None:
        del result, seconds
        del self.calls[call]


Measured = Callable[..., LedgerClient]


@pytest_asyncio.fixture
async def measured(scripted_ledger: ScriptedLedger) -> Measured:
    """Opens clients with hooks, which do not wait between attempts."""

    def opened(hooks: Hooks, **options: Any) -> LedgerClient:
        return LedgerClient.open(
            scripted_ledger.url, "token", Options(**options), hooks=hooks, random=lambda: 0.0
        )

    return opened


@pytest.mark.asyncio
async def test_a_retry_is_told_as_the_second_attempt(
    scripted_ledger: ScriptedLedger, measured: Measured
) -> None:
    """Start and end of the wait and of every call, and the breaker between them."""
    scripted_ledger.script.append(status(500))
    recorder = Recorder()
    async with measured(recorder, breaker_failures=1, breaker_open_seconds=0.0) as client:
        await apply(client, "a")
    assert recorder.told == [
        ("waiting", "a", Lane.PLAY),
        ("calling", BATCH, 1, ("a",)),
        ("called", "500", 1),
        ("open",),
        ("calling", BATCH, 2, ("a",)),
        ("called", "200", 1),
        ("closed",),
        ("ended", "a", Applied),
    ]


@pytest.mark.asyncio
async def test_a_split_is_told(scripted_ledger: ScriptedLedger, measured: Measured) -> None:
    """A batch that fails twice goes on as halves, and each of those is a call of its own."""
    scripted_ledger.rule = failing_on("b")
    recorder = Recorder()
    async with measured(recorder, breaker_failures=100) as client:
        await asyncio.gather(*(apply(client, id_) for id_ in "ab"))
    assert recorder.told.count(("split", 2)) == 1
    attempts = [(each[2], each[3]) for each in recorder.told if each[0] == "calling"]
    assert attempts == [(1, ("a", "b")), (2, ("a", "b")), (3, ("a",)), (3, ("b",))]
    assert (recorder.waits, recorder.calls) == ([], [])


@pytest.mark.asyncio
async def test_what_is_refused_unsent_is_told(scripted_ledger: ScriptedLedger, measured: Measured) -> None:
    """A wait that never becomes a call ends all the same."""
    scripted_ledger.rule = status(500)
    recorder = Recorder()
    async with measured(recorder, breaker_failures=1, breaker_open_seconds=60.0) as client:
        await apply(client, "a")
        recorder.told.clear()
        assert await apply(client, "b") == Unknown("b", UnknownReason.CIRCUIT_OPEN)
    assert recorder.told == [("waiting", "b", Lane.PLAY), ("ended", "b", Unknown)]


@pytest.mark.asyncio
async def test_a_bug_ends_the_wait_without_an_outcome(
    scripted_ledger: ScriptedLedger, measured: Measured
) -> None:
    """So no span stays open."""
    scripted_ledger.rule = status(401)
    recorder = Recorder()
    async with measured(recorder) as client:
        with pytest.raises(BadCredentials):
            await apply(client, "a")
    assert recorder.told[-1] == ("ended", "a", None)


@pytest.mark.asyncio
async def test_a_caller_that_goes_away_ends_its_call(
    scripted_ledger: ScriptedLedger, measured: Measured
) -> None:
    """A question that is cancelled is told as abandoned."""
    recorder = Recorder()
    async with measured(recorder) as client:
        question = asyncio.create_task(client.account("player:p"))
        await asyncio.wait_for(recorder.has_called.wait(), 10)
        question.cancel()
        with pytest.raises(asyncio.CancelledError):
            await question
    assert recorder.told[-1] == ("called", "abandoned", 1)
    assert scripted_ledger.calls == []


@pytest.mark.asyncio
async def test_a_fence_is_told_without_a_lane(scripted_ledger: ScriptedLedger, measured: Measured) -> None:
    """Its route names no id."""
    scripted_ledger.questions.append(page({"outcome": "fenced", "id": "play:a", "replayed": False}))
    recorder = Recorder()
    async with measured(recorder) as client:
        assert await client.fence("play:a") == Fenced("play:a", replayed=False)
    assert recorder.told == [
        ("waiting", "play:a", None),
        ("calling", "/v1/operations/{id}:fence", 1, ()),
        ("called", "200", 1),
        ("ended", "play:a", Fenced),
    ]


@pytest.mark.asyncio
async def test_traces_are_carried_to_the_ledger(scripted_ledger: ScriptedLedger, measured: Measured) -> None:
    """Every attempt carries a span of its own, linked to all operations of its batch."""
    scripted_ledger.script.append(status(503))
    tracer = Tracer()
    async with measured(tracer) as client:
        await asyncio.gather(*(apply(client, id_) for id_ in "ab"))
    one, other = f"{1:032x}", f"{2:032x}"
    assert [sent.traceparent for sent in scripted_ledger.calls] == [
        f"00-{one}-{1:016x}-01", f"00-{one}-{2:016x}-01"
    ]  # fmt: skip
    assert tracer.links == [(f"{1:016x}", (one, other)), (f"{2:016x}", (one, other))]
    assert tracer.calls == {}


@pytest.mark.asyncio
async def test_without_hooks_nothing_is_carried(scripted_ledger: ScriptedLedger, measured: Measured) -> None:
    """The default costs no header."""
    async with measured(Hooks()) as client:
        await apply(client, "a")
    assert [sent.traceparent for sent in scripted_ledger.calls] == [None]


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/v1/operations:batch", "/v1/operations:batch"),
        ("/v1/operations:lookup", "/v1/operations:lookup"),
        ("/v1/operations/play:abc-1:fence", "/v1/operations/{id}:fence"),
        ("/v1/operations/play:abc-1", "/v1/operations/{id}"),
        ("/v1/accounts/player:acme.ann", "/v1/accounts/{id}"),
        ("/v1/entries?after_seq=7&limit=3", "/v1/entries"),
        ("/accounts/player:acme:ann?expand=volumes", "/accounts/{id}"),
        ("/transactions", "/transactions"),
    ],
)
def test_routes_are_few(path: str, route: str) -> None:
    """Neither ids nor parameters are told of, so that a metric has few series."""
    assert Request(path, None, 1).route == route
