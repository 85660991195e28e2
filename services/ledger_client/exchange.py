"""HTTP/1.1 over connections that are kept: one request at a time on each, and all of its answer.

A client for everything takes three times as long for a call (docs/decisions/0048-a-single-play.md). This one
sends what it is given, follows no redirect, asks for no compression, and keeps no cookie.
"""

import asyncio
import re
import ssl
from collections.abc import Mapping
from typing import Final, cast
from urllib.parse import urlsplit

import httptools
import msgspec

HEAD_BYTES_MAX: Final = 65_536
# What is idle for longer may have been forgotten by something in between.
IDLE_SECONDS_MAX: Final = 15.0
_TARGET: Final = re.compile(r"[!-~]+")
_LINE: Final = re.compile(r"[ -~]+")
_NO_BODY: Final = frozenset({204, 304})


class Broken(Exception):
    """The answer is not HTTP, or its connection ended before it did."""


class TooLong(Exception):
    """The answer is longer than anybody would read."""


class Answer(msgspec.Struct, frozen=True):
    """A status, the headers with their names in lower case (the last of each), and the body."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes


class Connection(asyncio.Protocol):
    """One connection. It `is_free` for the next request once the answer has come, and may be kept."""

    def __init__(self, *, body_bytes_max: int) -> None:
        self.idle_since = 0.0
        self._body_bytes_max = body_bytes_max
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[Answer] | None = None
        self._is_closed = self._until_the_end = False
        self._status = self._head_bytes = 0
        self._headers: dict[bytes, bytes] = {}
        self._body = bytearray()

    @property
    def is_free(self) -> bool:
        """Whether it takes a request now."""
        return self._answer is None and not self._is_closed

    async def ask(self, request: bytes) -> Answer:
        """Send a request, and wait for all of the answer; Broken. Who goes away ends the connection."""
        if self._is_closed:
            raise Broken("the connection ended before it was used")
        self._answer = self._loop.create_future()
        self._transport.write(request)
        try:
            return await self._answer
        finally:
            if self._answer is not None:
                self.close()

    def close(self) -> None:
        """End it at once."""
        self._is_closed = True
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, error: Exception | None) -> None:
        """It has ended, and by that an answer whose length nobody told."""
        self._is_closed = True
        if self._until_the_end and error is None:
            self._tell()
        self._fail(Broken("the connection ended before the answer"))

    def data_received(self, data: bytes) -> None:
        """A part of the answer."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(Broken(str(error)))
        if self._is_closed:
            self.close()

    def on_message_begin(self) -> None:
        """An answer begins. One that nobody has asked for ends the connection."""
        self._is_closed = self._is_closed or self._answer is None

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header."""
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > HEAD_BYTES_MAX:
            self._fail(TooLong("the head"))
        else:
            self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        """The head is complete."""
        self._status = self._parser.get_status_code()
        has_end = b"content-length" in self._headers or b"transfer-encoding" in self._headers
        self._until_the_end = not has_end and self._status >= 200 and self._status not in _NO_BODY

    def on_body(self, part: bytes) -> None:
        """A part of the body."""
        self._body += part
        if len(self._body) > self._body_bytes_max:
            self._fail(TooLong("the body"))

    def on_message_complete(self) -> None:
        """The answer is complete, or only says that another one follows."""
        if self._status >= 200:
            self._is_closed = self._is_closed or not self._parser.should_keep_alive()
            self._tell()
        self._headers, self._body, self._head_bytes, self._until_the_end = {}, bytearray(), 0, False

    def _tell(self) -> None:
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_result(Answer(self._status, self._headers, bytes(self._body)))

    def _fail(self, reason: Broken | TooLong) -> None:
        self._is_closed = True
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(reason)


class Connections:
    """Connections to one server, so many at most; whoever finds all in use waits for one."""

    def __init__(self, url: str, *, connections_max: int, body_bytes_max: int) -> None:
        parts = urlsplit(url)
        assert parts.scheme in {"http", "https"}, "not an address of HTTP"
        assert parts.hostname, "an address without a host"
        self._ssl = ssl.create_default_context() if parts.scheme == "https" else None
        self._where = parts.hostname, parts.port or (443 if self._ssl else 80)
        self._prefix = parts.path.rstrip("/")
        self._told = {
            "Host": parts.netloc.rpartition("@")[2],
            "User-Agent": "playfair",
            "Accept-Encoding": "identity",
        }
        self._body_bytes_max = body_bytes_max
        self._turns = asyncio.Semaphore(connections_max)
        self._idle: list[Connection] = []
        self._is_closed = False
        self._loop = asyncio.get_running_loop()

    async def call(self, method: str, path: str, *, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """Ask once; Broken, or OSError where nobody is there."""
        request = self._request(method, path, headers, body)
        async with self._turns:
            connection = self._kept() or await self._opened()
            answer = await connection.ask(request)
            if connection.is_free and not self._is_closed:
                connection.idle_since = self._loop.time()
                self._idle.append(connection)
            else:
                connection.close()
            return answer

    async def close(self) -> None:
        """End the connections that are idle, and the others after their answers."""
        self._is_closed = True
        while self._idle:
            self._idle.pop().close()
        await asyncio.sleep(0)  # they end in the loop's next turn

    def _kept(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_free and connection.idle_since + IDLE_SECONDS_MAX > self._loop.time():
                return connection
            connection.close()
        return None

    async def _opened(self) -> Connection:
        made = Connection(body_bytes_max=self._body_bytes_max)
        await self._loop.create_connection(lambda: made, *self._where, ssl=self._ssl)
        return made

    def _request(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
        length = {} if body is None else {"Content-Length": str(len(body))}
        told = {**self._told, **headers, **length}
        lines = [f"{name}: {value}" for name, value in told.items()]
        assert _TARGET.fullmatch(path), "an address that is none"
        assert all(map(_LINE.fullmatch, lines)), "a header that is none"
        head = "\r\n".join([f"{method} {self._prefix}{path} HTTP/1.1", *lines, "", ""])
        return head.encode() + (body or b"")
