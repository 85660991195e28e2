"""A load generator in a closed loop: raw HTTP/1.1 over asyncio, requests that were made before, little CPU.

It shares the machine with what it measures, so it does no more than it must: it writes bytes, finds the
status and the end of each answer, and notes the time.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import cast

import msgspec

from game.embedded.ports import LOOPBACK

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length: "
STATUS = slice(9, 12)
LIMIT_SECONDS = 60.0


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What came of some requests: how long all took, and each of them, in seconds.

    `lateness` is the generator's own: how long after a request was due it was let go. Empty in a closed loop.
    """

    seconds: float
    statuses: dict[str, int]
    latencies: list[float]
    lateness: list[float] = []


class Drive:
    """The requests that are left, and what came of the others."""

    def __init__(self, requests: Sequence[bytes]) -> None:
        self.waiting = deque(requests)
        self.statuses: Counter[bytes] = Counter()
        self.latencies: list[float] = []
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._left = len(requests)

    def take(self, connection: "Connection") -> tuple[float, bytes] | None:
        """What a free connection asks for next, and since when that counts; None: nothing."""
        del connection
        return (time.perf_counter(), self.waiting.popleft()) if self.waiting else None

    def answered(self, status: bytes, seconds: float) -> None:
        """Count an answer; the last one ends the drive."""
        self.latencies.append(seconds)
        self.statuses[status] += 1
        self._left -= 1
        if self._left == 0 and not self.over.done():
            self.over.set_result(None)

    def fail(self, reason: str) -> None:
        """Nothing that is measured after this would be true."""
        if not self.over.done():
            self.over.set_exception(ConnectionError(reason))

    def load(self, seconds: float) -> Load:
        """What came of all."""
        statuses = {status.decode(): count for status, count in sorted(self.statuses.items())}
        return Load(seconds=seconds, statuses=statuses, latencies=sorted(self.latencies))


class Connection(asyncio.Protocol):
    """Asks again as soon as it was answered, if there is something to ask for."""

    def __init__(self, drive: Drive) -> None:
        self._drive = drive
        self._since = 0.0
        self._answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.WriteTransport", transport)  # uvloop's is no subclass

    def ask(self) -> None:
        """Send the next request, if there is one."""
        taken = self._drive.take(self)
        if taken is not None:
            self._since, request = taken
            self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        answer = self._answer + data if self._answer else data
        if not _is_whole(answer):
            self._answer = answer
            return
        self._answer = b""
        self._drive.answered(answer[STATUS], time.perf_counter() - self._since)
        self.ask()

    def connection_lost(self, exc: Exception | None) -> None:
        self._drive.fail(f"the server closed a connection: {exc!r}")


def _is_whole(answer: bytes) -> bool:
    head = answer.find(HEAD_END)
    if head < 0:
        return False
    at = answer.find(LENGTH, 0, head)
    length = 0 if at < 0 else int(answer[at + len(LENGTH) : answer.find(b"\r\n", at)])
    return len(answer) >= head + len(HEAD_END) + length


@asynccontextmanager
async def connected(port: int, state: Drive, *, connections: int) -> AsyncIterator[list[Connection]]:
    """So many connections, which are closed in the end."""
    loop = asyncio.get_running_loop()
    opened = [
        (await loop.create_connection(lambda: Connection(state), LOOPBACK, port))[1]
        for _ in range(connections)
    ]
    try:
        yield opened
    finally:
        for connection in opened:
            connection.transport.close()


async def drive(port: int, requests: Sequence[bytes], *, connections: int) -> Load:
    """Send all requests, one at a time over each connection; TimeoutError after a minute."""
    state = Drive(requests)
    async with connected(port, state, connections=connections) as opened:
        began = time.perf_counter()
        for connection in opened:
            connection.ask()
        async with asyncio.timeout(LIMIT_SECONDS):
            await state.over
        return state.load(time.perf_counter() - began)


def request(method: str, path: str, *, headers: dict[str, str], body: bytes = b"") -> bytes:
    """A request as it stands on the wire."""
    named = {"host": LOOPBACK, **headers, **({"content-length": str(len(body))} if body else {})}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in named.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1") + body
