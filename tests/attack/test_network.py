"""A network that swallows everything without a word."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from game.db import pool as limits
from game.db.pool import open_pool
from tests.support.pools import row, wheel
from tests.support.stage import Stage, engine_of

COMMAND_SECONDS = 0.5
# The state that a play comes to, as it is sent to the two statements that store it and commit by themselves.
STORED = {"accepting": b"\0\0\0\7funding", "settling": b"\0\0\0\7settled"}
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
        self.loses: bytes | None = None

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
            if self.loses and self.loses in data:
                self.loses = None
                await sink.drain()
                self.is_heard.clear()  # the answer never arrives
        sink.close()


@pytest.mark.asyncio
@pytest.mark.parametrize("lost", ["accepting", "settling"])
async def test_a_commit_without_an_answer_is_found_again(
    backstage: Stage, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    """Whether it was done is not known: asked again with the same key, it is one play, charged once."""
    monkeypatch.setattr(limits, "COMMAND_TIMEOUT_SECONDS", COMMAND_SECONDS)
    campaign_id = await backstage.launch(wheel(rows=[row("thanks", weight=1)]))
    backstage.fund("ann", 100)
    await backstage.sit(engine_of(backstage.resources), campaign_id, "ann", "wheel")
    line = Line(backstage.resources.settings.database_url)
    async with line.serving() as url, await open_pool(url, connections=2) as connections:
        engine = engine_of(replace(backstage.resources, pool=connections))
        if lost == "accepting":
            line.loses = STORED[lost]
            with pytest.raises(TimeoutError):
                await backstage.play(engine, campaign_id, "ann", "wheel", key="key")
        else:
            driven = await engine.accept(await backstage.asked(campaign_id, "ann", "wheel", key="key"))
            line.loses = STORED[lost]
            await asyncio.wait({engine.drive(driven.play, driven.debit)})
        assert line.loses is None
        line.is_heard.set()
        view = await backstage.play(engine, campaign_id, "ann", "wheel", key="key")
        again = await backstage.play(engine, campaign_id, "ann", "wheel", key="key")
    assert (view.state, view) == ("settled", again)
    assert await backstage.resources.pool.fetchval("SELECT count(*) FROM play") == 1
    assert backstage.balance("ann") == 90


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
