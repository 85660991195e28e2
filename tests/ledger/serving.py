"""A sandbox ledger served over real HTTP on loopback, in the test's own loop."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec
import uvicorn

from sandbox_ledger.app import create_app

TOKEN = "test-token"
START_MS = 1_800_000_000_000


class Clock:
    """Milliseconds since the epoch, moved by the test."""

    def __init__(self) -> None:
        self.now_ms = START_MS

    def __call__(self) -> int:
        return self.now_ms


class Sandbox(msgspec.Struct, frozen=True):
    """Where the ledger listens, the clock it reads, and a plain HTTP session with its token."""

    url: str
    database_url: str
    clock: Clock
    http: aiohttp.ClientSession

    async def post(self, path: str, body: object) -> Any:
        """The decoded answer to a JSON body."""
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        async with self.http.post(path, data=raw, headers={"Content-Type": "application/json"}) as response:
            return await response.json(content_type=None)

    async def get(self, path: str) -> Any:
        """The decoded answer."""
        async with self.http.get(path) as response:
            return await response.json(content_type=None)

    async def fund(self, account: str, amount: int) -> None:
        """Issue points with an ordinary operation."""
        answer = await self.post(
            "/v1/operations", operation(f"fund-{account}-{amount}", transfer("issuer", account, amount))
        )
        assert answer.get("outcome") == "applied", answer

    async def fail(self, *kinds: str) -> None:
        """Plant faults for the next writes."""
        script = msgspec.json.encode({"faults": [{"kind": kind} for kind in kinds]})
        async with self.http.put("/v1/faults", data=script) as response:
            assert response.status == 204


def transfer(debit: str, credit: str, amount: int) -> dict[str, Any]:
    """A leg."""
    return {"debit": debit, "credit": credit, "amount": amount, "code": "test"}


def operation(
    operation_id: str, *legs: dict[str, Any], apply_before: int = START_MS + 60_000
) -> dict[str, Any]:
    """An operation."""
    return {"id": operation_id, "apply_before": apply_before, "legs": list(legs), "ref": ""}


@asynccontextmanager
async def serving(database_url: str) -> AsyncIterator[Sandbox]:
    """Serve a ledger with its faults enabled until the block ends."""
    clock = Clock()
    app = create_app(database_url=database_url, token=TOKEN, faults=True, now_ms=clock)
    server = uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="critical", lifespan="on"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        task = asyncio.create_task(server.serve(sockets=[listener]))
        headers = {"Authorization": f"Bearer {TOKEN}"}
        try:
            async with aiohttp.ClientSession(url, headers=headers) as http:
                found = Sandbox(url=url, database_url=database_url, clock=clock, http=http)
                await found.get("/v1/capabilities")
                yield found
        finally:
            server.should_exit = True
            await task
