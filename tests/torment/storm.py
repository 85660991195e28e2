"""A passage to the ledger that loses, delays, repeats and garbles, until it is told to be calm."""

import asyncio
from collections import Counter
from contextlib import suppress
from random import Random
from typing import Any

import aiohttp
from aiohttp import web

from game.embedded.ports import LOOPBACK
from tests.crash.wire import BATCH, Passage, broken, operations_of
from tests.torment.weather import CALM, CHANGES_SECONDS, UNTOLD, Fault, Weather, next_weather

# Longer than the client waits for an answer.
LATE_SECONDS_MAX = 4.0
# Longer than a debit may be applied here: what is sent again comes before and after that.
AGAIN_SECONDS_MAX = 15.0
AGAIN_MAX = 1_000
SLOW_PARTS = 20
SLOW_SECONDS = 0.1
RETRY_AFTER_SECONDS = "1"
NOT_EXECUTED = {"Ledger-Executed": "no"}


class Storm(Passage):
    """Faults of a seed.

    `calls` counts what became of calls, `unknown` operations whose outcome was kept from the caller,
    `repeated` the requests that the ledger got once more.
    """

    def __init__(self, *, port: int, ledger_port: int, random: Random) -> None:
        super().__init__(port=port, ledger_port=ledger_port)
        self.url = f"http://{LOOPBACK}:{port}"
        self.calls: Counter[Fault] = Counter()
        self.unknown = 0
        self.repeated = 0
        self._random = random
        self._weather = CALM
        self._is_calm = asyncio.Event()
        self._is_calm.set()
        self._again: set[asyncio.Task[Any]] = set()
        self._under_way: set[asyncio.Task[Any]] = set()

    def set_weather(self, weather: Weather) -> None:
        """Let these faults happen from now on."""
        self._weather = weather
        self._is_calm.clear()

    async def rage(self) -> None:
        """Change the weather every few seconds, until this is cancelled."""
        while True:
            self.set_weather(next_weather(self._random))
            await asyncio.sleep(self._random.uniform(*CHANGES_SECONDS))

    async def calm_down(self) -> None:
        """Turn all faults off. What is late or to be sent again is sent now, and has arrived then."""
        self._weather = CALM
        self._is_calm.set()
        if late := self._under_way | self._again:
            await asyncio.wait(late)

    async def pass_on(self, request: web.Request) -> web.StreamResponse:
        """Do to a call what the weather says."""
        body = await request.read()
        fault = self._weather.befalls(self._random.random())
        self.calls[fault] += 1
        if fault in UNTOLD and request.path == BATCH:
            self.unknown += len(operations_of(body))
        task = asyncio.current_task()
        assert task is not None
        self._under_way.add(task)
        try:
            return await self._befall(fault, request, body)
        finally:
            self._under_way.discard(task)

    async def _befall(self, fault: Fault, request: web.Request, body: bytes) -> web.StreamResponse:
        match fault:
            case Fault.REQUEST_LOST:
                return broken(request)
            case Fault.SILENCE:
                await self._is_calm_within(LATE_SECONDS_MAX)
                return broken(request)
            case Fault.FAILED_BEFORE:
                return web.Response(status=500)
            case Fault.UNAVAILABLE:
                return web.Response(status=503, headers=NOT_EXECUTED)
            case Fault.THROTTLED:
                return web.Response(status=429, headers={"Retry-After": RETRY_AFTER_SECONDS})
            case Fault.REQUEST_LATE:
                await self._is_calm_within(self._random.uniform(0.0, LATE_SECONDS_MAX))
            case Fault.SENT_TWICE:
                self._send_again(request, body)
        answer = await self.forward(request, body)
        return await self._garbled(fault, request, answer)

    async def _garbled(self, fault: Fault, request: web.Request, answer: web.Response) -> web.StreamResponse:
        match fault:
            case Fault.ANSWER_LOST:
                return broken(request)
            case Fault.FAILED_AFTER:
                return web.Response(status=500)
            case Fault.ANSWER_CUT:
                return await _in_parts(request, answer, sent=SLOW_PARTS // 2, pause_seconds=0.0)
            case Fault.ANSWER_SLOW:
                return await _in_parts(request, answer, sent=SLOW_PARTS, pause_seconds=SLOW_SECONDS)
        return answer

    def _send_again(self, request: web.Request, body: bytes) -> None:
        if len(self._again) < AGAIN_MAX:
            task = asyncio.create_task(self._later(request, body))
            self._again.add(task)
            task.add_done_callback(self._again.discard)

    async def _later(self, request: web.Request, body: bytes) -> None:
        await self._is_calm_within(self._random.uniform(0.0, AGAIN_SECONDS_MAX))
        with suppress(aiohttp.ClientError):
            await self.send(request, body)
            self.repeated += 1

    async def _is_calm_within(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._is_calm.wait()


async def _in_parts(
    request: web.Request, answer: web.Response, *, sent: int, pause_seconds: float
) -> web.StreamResponse:
    """Send so many of SLOW_PARTS parts of an answer, slowly, and break off where that is not all."""
    body = answer.body
    if not isinstance(body, bytes):  # the ledger was away
        return answer
    headers = {"Content-Type": answer.content_type, "Content-Length": str(len(body))}
    response = web.StreamResponse(status=answer.status, headers=headers)
    step = len(body) // SLOW_PARTS + 1
    with suppress(ConnectionError, aiohttp.ClientError):
        await response.prepare(request)
        for start in range(0, step * sent, step):
            await response.write(body[start : start + step])
            await asyncio.sleep(pause_seconds)
        if sent == SLOW_PARTS:
            await response.write_eof()
            return response
    return broken(request)
