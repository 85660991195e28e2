"""An issuer's key set, published over HTTP."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web


class KeyServer:
    """Publishes a key set over HTTP, and misbehaves when told to."""

    def __init__(self) -> None:
        self.keys: list[dict[str, Any]] = []
        self.fetched = 0
        self.answer: Callable[[], Awaitable[web.Response]] | None = None
        self.url = ""

    async def __call__(self, _request: web.BaseRequest) -> web.Response:
        self.fetched += 1
        if self.answer is not None:
            return await self.answer()
        return web.json_response({"keys": self.keys})

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["KeyServer"]:
        """Serve on a port of the loopback."""
        runner = web.ServerRunner(web.Server(self))
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            host, port = runner.addresses[0]
            self.url = f"http://{host}:{port}/jwks.json"
            yield self
        finally:
            await runner.cleanup()
