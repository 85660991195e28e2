"""A network that swallows everything without a word."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit

import pytest

from game.db import pool as limits
from game.db.pool import open_pool

COMMAND_SECONDS = 0.5
PATIENCE_SECONDS = 20.0


class Line:
    """A connection to PostgreSQL that may go silent; both ends believe that it is there."""

    def __init__(self, database_url: str) -> None:
        parts = urlsplit(database_url)
        where = parse_qs(parts.query)
        self.name = parts.path
        self.socket = f"{where['host'][0]}/.s.PGSQL.{where['port'][0]}" if "host" in where else None
        self.place = (parts.hostname, parts.port)
        self.is_heard = asyncio.Event()
        self.is_heard.set()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Its URL."""
        server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        async with server:
            yield f"postgresql://playfair@127.0.0.1:{server.sockets[0].getsockname()[1]}{self.name}"

    async def _connect(self, near: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        far, far_out = await (
            asyncio.open_unix_connection(self.socket) if self.socket else asyncio.open_connection(*self.place)
        )
        await asyncio.gather(self._carry(near, far_out), self._carry(far, near_out))

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65_536):
            await self.is_heard.wait()
            sink.write(data)
        sink.close()


@pytest.mark.asyncio
async def test_a_silent_database_is_given_up(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for it is told, and what comes after the silence is served."""
    monkeypatch.setattr(limits, "COMMAND_TIMEOUT_SECONDS", COMMAND_SECONDS)
    line = Line(database_url)
    async with line.serving() as url, await open_pool(url, connections=2) as connections:
        assert await connections.fetchval("SELECT 1") == 1
        line.is_heard.clear()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS), connections.acquire() as conn, conn.transaction():
                await conn.fetchval("SELECT 2")
        line.is_heard.set()
        assert await connections.fetchval("SELECT 3") == 3
