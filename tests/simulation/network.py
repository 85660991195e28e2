"""The network between the game's processes and the ledger, as the seed's faults have it."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Final

import msgspec

from ledger_client import UnknownReason
from ledger_client.transport import Reply, Request, Silence
from sandbox_ledger.problems import describe
from tests.simulation.books import Books, refused
from tests.simulation.faults import Faults
from tests.simulation.timeline import Timeline
from tests.simulation.trace import Trace

_DELAY_SECONDS_MIN: Final = 0.001
# Most messages are quick all the same.
_QUICK_SECONDS: Final = 0.05
_QUICK_SHARE: Final = 0.6

Deliver = Callable[[Reply | Silence], None]


class Network:
    """Carries requests to the ledger and answers back; what is under way outlives whoever sent it."""

    def __init__(
        self, timeline: Timeline, books: Books, faults: Faults, *, chance: random.Random, trace: Trace
    ) -> None:
        self.faults = faults
        self.under_way = 0
        self.counts: Counter[str] = Counter()
        self._timeline = timeline
        self._books = books
        self._chance = chance
        self._trace = trace
        self._connection = 0
        self._waiting: dict[int, Deliver] = {}
        self._numbers = 0
        for seconds in faults.restarts:
            timeline.after(seconds, self._restart)

    def calm_down(self) -> None:
        """From now on nothing goes wrong; what is under way is."""
        self.faults = Faults(skew_ms=self.faults.skew_ms)
        self._trace.note("calm")

    def send(self, request: Request, deliver: Deliver) -> None:
        """Send a request; `deliver` is called with every answer that comes back."""
        self._numbers += 1
        number = self._numbers
        self._waiting[number] = deliver
        self.counts["requests"] += 1
        self._trace.note(f"request {number} {request.path} {request.items} {_short(request.body)}")
        self._carry(number, partial(self._arrive, number, request), loss=self.faults.loss)
        if self._happens(self.faults.duplication):
            self.counts["duplicated"] += 1
            self._carry(number, partial(self._arrive, number, request), loss=self.faults.loss)

    def _arrive(self, number: int, request: Request) -> None:
        self.counts["delivered"] += 1
        reply = self._serve(request)
        self._trace.note(f"served {number} {reply.status} {_short(reply.body)}")
        self._carry(number, partial(self._answer, number, reply), loss=self.faults.reply_loss)

    def _serve(self, request: Request) -> Reply:
        faults = self.faults
        for code, share in (
            ("internal", faults.error_before),
            ("throttled", faults.throttled),
            ("busy", faults.busy),
        ):
            if self._happens(share):
                return refused(describe(code, ""))
        return self._spoilt(self._books.serve(request))

    def _spoilt(self, reply: Reply) -> Reply:
        """What comes of an answer to what is executed already."""
        faults, body = self.faults, reply.body
        if self._happens(faults.error_after):
            return refused(describe("internal", ""))
        if self._happens(faults.truncated):
            return msgspec.structs.replace(reply, body=body[: len(body) // 2])
        if self._happens(faults.wrong_id):
            return msgspec.structs.replace(reply, body=body.replace(b'"id":"', b'"id":"x'))
        return reply

    def _answer(self, number: int, reply: Reply | Silence) -> None:
        if deliver := self._waiting.pop(number, None):
            self._trace.note(f"answered {number}")
            deliver(reply)

    def _carry(self, number: int, arrives: Callable[[], None], *, loss: float) -> None:
        if self._happens(loss):
            self._lose(number)
            return
        self.under_way += 1
        connection = self._connection

        def end() -> None:
            self.under_way -= 1
            if connection != self._connection or self._is_silent():
                self._lose(number)
            else:
                arrives()

        self._timeline.after(self._delay(), end)

    def _lose(self, number: int) -> None:
        self.counts["lost"] += 1
        self._trace.note(f"lost {number}")

    def _delay(self) -> float:
        most = self.faults.delay_seconds
        quick = self._chance.random() < _QUICK_SHARE
        return self._chance.uniform(_DELAY_SECONDS_MIN, min(most, _QUICK_SECONDS) if quick else most)

    def _happens(self, share: float) -> bool:
        return share > 0 and self._chance.random() < share

    def _is_silent(self) -> bool:
        silence = self.faults.silence
        return silence is not None and silence[0] <= self._timeline.now < silence[1]

    def _restart(self) -> None:
        self._connection += 1
        self.counts["restarts"] += 1
        self._trace.note("the ledger restarts")
        for number in list(self._waiting):
            self._answer(number, Silence(UnknownReason.CONNECTION))


class Link:
    """One process's way to the ledger: what `ledger_client.transport.Transport` asks for."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._is_cut = False

    async def call(self, request: Request, *, timeout_seconds: float) -> Reply | Silence:
        """The first answer that comes back in time."""
        answer: asyncio.Future[Reply | Silence] = asyncio.get_running_loop().create_future()
        self._network.send(request, partial(self._hear, answer))
        try:
            async with asyncio.timeout(timeout_seconds):
                return await answer
        except TimeoutError:
            return Silence(UnknownReason.TIMEOUT)

    async def close(self) -> None:
        """Nothing to release."""

    def cut(self) -> None:
        """The process has died: nobody hears answers any more."""
        self._is_cut = True

    def _hear(self, answer: "asyncio.Future[Reply | Silence]", reply: Reply | Silence) -> None:
        if not (self._is_cut or answer.done()):
            answer.set_result(reply)


class Direct:
    """A way to the ledger without a network, for those who only look."""

    def __init__(self, books: Books) -> None:
        self._books = books

    async def call(self, request: Request, *, timeout_seconds: float) -> Reply | Silence:
        """The answer."""
        del timeout_seconds
        return self._books.serve(request)

    async def close(self) -> None:
        """Nothing to release."""


def _short(body: bytes | None) -> str:
    return "" if body is None else body.decode()
