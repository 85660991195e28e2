"""What is written of an answer leaves together, in order and in time."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

import pytest
import uvicorn
from litestar.types import Receive, Scope, Send

from game.joining import Joined, JoinedHttp

pytestmark = pytest.mark.asyncio


class Wire(asyncio.Transport):
    """Keeps what each call was given."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[bytes] = []
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.calls.append(bytes(data))

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        self.calls.append(b"".join(list_of_data))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


async def test_a_head_leaves_with_its_body() -> None:
    """In one call, without waiting for the next turn; so does the next answer."""
    wire = Wire()
    joined = Joined(wire)
    for _ in range(2):
        joined.write(b"head")
        joined.write(b"body")
    assert wire.calls == [b"headbody", b"headbody"]


async def test_a_head_alone_leaves_in_the_next_turn() -> None:
    """A body that is made meanwhile follows it."""
    wire = Wire()
    joined = Joined(wire)
    joined.write(b"head")
    assert wire.calls == []
    await asyncio.sleep(0)
    assert wire.calls == [b"head"]
    joined.write(b"body")
    await asyncio.sleep(0)
    assert wire.calls == [b"head", b"body"]


async def test_all_leaves_before_the_end() -> None:
    """What is held when the connection is closed is sent; what is written of a closed one is not."""
    wire = Wire()
    joined = Joined(wire)
    joined.write(b"head")
    joined.close()
    joined.write(b"late")
    await asyncio.sleep(0)
    assert (wire.calls, wire.closed, joined.is_closing()) == ([b"head"], True, True)


async def answers(scope: Scope, receive: Receive, send: Send) -> None:
    """A body in two parts, the second once the loop has turned."""
    del scope, receive
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"6")]})
    await send({"type": "http.response.body", "body": b"one", "more_body": True})
    await asyncio.sleep(0)
    await send({"type": "http.response.body", "body": b"two", "more_body": False})


@asynccontextmanager
async def served(app: Callable[..., object]) -> AsyncIterator[int]:
    """The port of a server with our protocol."""
    config = uvicorn.Config(app, http=JoinedHttp, lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config.load()
        server.lifespan = config.lifespan_class(config)
        await server.startup([listening])
        yield listening.getsockname()[1]
        await server.shutdown([listening])


async def test_connections_are_kept_and_closed() -> None:
    """Two answers over one connection, each whole; the second ends it, as it was asked to."""
    async with served(answers) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for last in (b"", b"connection: close\r\n"):
            writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n" + last + b"\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 OK\r\n")
            assert (b"connection: close" in head) == bool(last)
            assert await reader.readexactly(6) == b"onetwo"
        assert await reader.read() == b""
        writer.close()
