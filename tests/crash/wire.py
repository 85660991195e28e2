"""What stands between the service and its ledger: it passes calls on, or holds them before or after."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from enum import Enum
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from game.embedded.ports import LOOPBACK

BATCH = "/v1/operations:batch"
HELD_SECONDS = 20.0
PASSED_ON = ("Authorization", "Content-Type")
PASSED_BACK = ("Content-Type", "Retry-After", "Ledger-Executed")


class Hold(Enum):
    """Where calls are held."""

    NOWHERE = "nowhere"
    REQUESTS = "requests"
    ANSWERS = "answers"


def everything(_operation: dict[str, Any]) -> bool:
    """Let all operations arrive."""
    return True


class Passage(ABC):
    """A proxy of the ledger's HTTP interface, in the test's own event loop."""

    def __init__(self, *, port: int, ledger_port: int) -> None:
        self._port = port
        self._ledger = f"http://{LOOPBACK}:{ledger_port}"

    async def open(self) -> None:
        """Listen."""
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True))
        service = web.Application(client_max_size=8 * 1024**2)
        service.router.add_route("*", "/{path:.*}", self.pass_on)
        self._runner = web.AppRunner(service, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, self._port).start()

    async def close(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()
        await self._session.close()

    @abstractmethod
    async def pass_on(self, request: web.Request) -> web.StreamResponse:
        """Do with a call whatever this passage does with calls."""

    async def send(self, request: web.Request, body: bytes) -> web.Response:
        """The ledger's answer; ClientError without one."""
        headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
        url = self._ledger + request.raw_path
        async with self._session.request(request.method, url, data=body, headers=headers) as answer:
            given = {name: answer.headers[name] for name in PASSED_BACK if name in answer.headers}
            return web.Response(body=await answer.read(), status=answer.status, headers=given)

    async def forward(self, request: web.Request, body: bytes) -> web.Response:
        """The ledger's answer; a connection that breaks there breaks here too."""
        try:
            return await self.send(request, body)
        except aiohttp.ClientError:
            return broken(request)


class Wire(Passage):
    """Passes all on, except where a test holds it."""

    def __init__(self, *, port: int, ledger_port: int) -> None:
        super().__init__(port=port, ledger_port=ledger_port)
        self._hold = Hold.NOWHERE
        self._lost = False
        self._arrives: Callable[[dict[str, Any]], bool] = everything
        self._held: set[str] = set()
        self._released = asyncio.Event()
        self._arrived = asyncio.Condition()

    async def close(self) -> None:
        """Let everything go and stop listening."""
        self._released.set()
        await super().close()

    def hold(self, where: Hold) -> None:
        """Hold batches from now on."""
        self._hold, self._lost = where, False
        self._held.clear()
        self._released.clear()

    async def wait_for(self, operations: int) -> None:
        """Wait until so many different operations are held; AssertionError after HELD_SECONDS."""
        try:
            async with asyncio.timeout(HELD_SECONDS), self._arrived:
                await self._arrived.wait_for(lambda: len(self._held) >= operations)
        except TimeoutError:
            raise AssertionError(f"{len(self._held)} of {operations} debits reached the ledger") from None

    def release(self, arrives: Callable[[dict[str, Any]], bool] = everything) -> None:
        """Let held calls go on; operations that do not arrive are lost on their way to the ledger."""
        self._hold, self._arrives = Hold.NOWHERE, arrives
        self._released.set()

    def lose_answers(self) -> None:
        """Break the connections whose answers are held, and hold no more."""
        self._lost = True
        self.release()

    async def pass_on(self, request: web.Request) -> web.Response:
        """Pass a call on, or hold it before or after."""
        body, hold = await request.read(), self._hold
        if request.path != BATCH or hold is Hold.NOWHERE:
            return await self.forward(request, body)
        if hold is Hold.REQUESTS:
            await self._keep(body)
            return await self.forward(request, self._rest(body))
        answer = await self.forward(request, body)
        await self._keep(body)
        if self._lost:
            return broken(request)
        return answer

    async def _keep(self, body: bytes) -> None:
        async with self._arrived:
            self._held.update(operation["id"] for operation in operations_of(body))
            self._arrived.notify_all()
        await self._released.wait()

    def _rest(self, body: bytes) -> bytes:
        return msgspec.json.encode({"operations": list(filter(self._arrives, operations_of(body)))})


def broken(request: web.Request) -> web.Response:
    """Close the connection without an answer; aiohttp wants one, which goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=502)


def operations_of(body: bytes) -> list[dict[str, Any]]:
    """The operations of a batch."""
    operations: list[dict[str, Any]] = msgspec.json.decode(body)["operations"]
    return operations
