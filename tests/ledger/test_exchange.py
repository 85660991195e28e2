"""HTTP/1.1 as the ledger's client speaks it, against a server that says what a test tells it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from game.embedded.ports import LOOPBACK
from ledger_client.exchange import HEAD_BYTES_MAX, Answer, Broken, Connections, TooLong

pytestmark = pytest.mark.asyncio

BODY_BYTES = 1_000
FINE = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine"


class Server:
    """Answers each request with the next of its parts, and keeps what it was sent."""

    def __init__(self, parts: Sequence[bytes]) -> None:
        self.parts = list(parts)
        self.requests: list[bytes] = []
        self.connections = 0
        self.ended = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take the requests of one connection; all after the head is of the known length."""
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0]
                self.requests.append(head + await reader.readexactly(int(length or 0)))
                if not self.parts:
                    await reader.read()
                part = self.parts.pop(0)
                writer.write(part.removesuffix(b"<end>"))
                await writer.drain()
                if part.endswith(b"<end>"):
                    break
        except (asyncio.IncompleteReadError, ConnectionError, IndexError):
            self.ended.set()
        finally:
            writer.close()


@asynccontextmanager
async def serving(*parts: bytes, most: int = 2) -> AsyncIterator[tuple[Server, Connections]]:
    """A server with its answers, and connections to it."""
    told = Server(parts)
    async with await asyncio.start_server(told.serve, LOOPBACK, 0) as server:
        port = server.sockets[0].getsockname()[1]
        url = f"http://{LOOPBACK}:{port}/base/"
        connections = Connections(url, connections_max=most, body_bytes_max=BODY_BYTES)
        try:
            yield told, connections
        finally:
            await connections.close()


async def ask(connections: Connections, body: bytes | None = b"{}") -> Answer:
    """One call."""
    async with asyncio.timeout(10):
        method = "GET" if body is None else "POST"
        return await connections.call(method, "/v1/x?y=1", headers={"A": "b c"}, body=body)


async def test_a_request_is_sent_as_it_is_given() -> None:
    """Method, address below the base, host, headers, length and body; a connection is used again."""
    async with serving(FINE, FINE) as (server, connections):
        for body in (b"{}", None):
            answer = await ask(connections, body)
            assert answer == Answer(200, {b"content-length": b"4"}, b"fine")
        posted, got = server.requests
    assert server.connections == 1
    assert posted.startswith(b"POST /base/v1/x?y=1 HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nA: b c\r\n" in posted
    assert posted.endswith(b"\r\nContent-Length: 2\r\n\r\n{}")
    assert b"Content-Length" not in got


@pytest.mark.parametrize(
    ("part", "status", "body"),
    [
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nfi\r\n2\r\nne\r\n0\r\n\r\n",
            200,
            b"fine",
        ),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + FINE, 200, b"fine"),
        (b"HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n", 503, b""),
        (b"HTTP/1.1 204 Nothing\r\n\r\n", 204, b""),
        (b"HTTP/1.1 302 Elsewhere\r\nLocation: /z\r\nContent-Length: 0\r\n\r\n", 302, b""),
    ],
)
async def test_an_answer_is_read_to_its_end(part: bytes, status: int, body: bytes) -> None:
    """However its end is told; the connection is of use again."""
    async with serving(part, FINE) as (server, connections):
        answer = await ask(connections)
        assert (answer.status, answer.body) == (status, body)
        assert (await ask(connections)).body == b"fine"
    assert server.connections == 1


@pytest.mark.parametrize(
    "part",
    [
        b"HTTP/1.1 200 OK\r\n\r\nfine<end>",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nfine<end>",
        FINE + FINE,
        FINE + b"HTTP/1.1",
    ],
)
async def test_a_connection_that_ends_or_says_too_much_is_not_used_again(part: bytes) -> None:
    """Its answer counts, and the next request goes over another one, with an answer of its own."""
    async with serving(part, FINE.replace(b"fine", b"next")) as (server, connections):
        assert (await ask(connections)).body == b"fine"
        assert (await ask(connections)).body == b"next"
    assert server.connections == 2


@pytest.mark.parametrize(
    ("part", "error"),
    [
        (b"<end>", Broken),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfi<end>", Broken),
        (b"HTTP/1.1 200 OK\r\nContent-Le<end>", Broken),
        (b"not HTTP\r\n\r\n", Broken),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + b"x" * 1001, TooLong),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1001, TooLong),
        (b"HTTP/1.1 200 OK\r\nA: " + b"x" * HEAD_BYTES_MAX + b"\r\n\r\n", TooLong),
    ],
)
async def test_what_is_no_answer_is_told(part: bytes, error: type[Exception]) -> None:
    """And its connection is not used again."""
    async with serving(part, FINE) as (server, connections):
        with pytest.raises(error):
            await ask(connections)
        assert (await ask(connections)).body == b"fine"
    assert server.connections == 2


async def test_who_goes_away_takes_the_connection_along() -> None:
    """What may still come is not taken for the answer of somebody else."""
    async with serving() as (server, connections):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await ask(connections)
        await server.ended.wait()


async def test_no_more_connections_than_allowed() -> None:
    """Who finds all in use waits for one."""
    async with serving(*[FINE] * 6, most=2) as (server, connections):
        answers = await asyncio.gather(*(ask(connections) for _ in range(6)))
    assert [each.body for each in answers] == [b"fine"] * 6
    assert server.connections == 2


@pytest.mark.parametrize(("path", "headers"), [("/x y", {}), ("/x", {"A": "b\r\nC: d"})])
async def test_nothing_is_smuggled_in(path: str, headers: dict[str, str]) -> None:
    """An address or a header that would be two is a bug, and is not sent."""
    async with serving(FINE) as (server, connections):
        with pytest.raises(AssertionError):
            await connections.call("GET", path, headers=headers, body=None)
    assert not server.requests
