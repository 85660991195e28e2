"""A load generator in a closed loop: raw HTTP/1.1 over asyncio, requests that were made before, little CPU.

It shares the machine with what it measures, so it does no more than it must: it writes bytes, finds the
status and the end of each answer, and notes the time.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Sequence
from typing import cast

import msgspec

from game.embedded.ports import LOOPBACK

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length: "
STATUS = slice(9, 12)
LIMIT_SECONDS = 60.0


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What came of some requests: how long all took, and each of them, in seconds."""

    seconds: float
    statuses: dict[str, int]
    latencies: list[float]


class _Drive:
    """The requests that are left, and what came of the others."""

    def __init__(self, requests: Sequence[bytes], *, connections: int) -> None:
        self.waiting = deque(requests)
        self.statuses: Counter[bytes] = Counter()
        self.latencies: list[float] = []
        self.busy = connections
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def rest(self) -> None:
        """One connection has nothing left to ask for."""
        self.busy -= 1
        if self.busy == 0 and not self.over.done():
            self.over.set_result(None)

    def fail(self, reason: str) -> None:
        """Nothing that is measured after this would be true."""
        if not self.over.done():
            self.over.set_exception(ConnectionError(reason))


class _Connection(asyncio.Protocol):
    """Asks again as soon as it was answered."""

    def __init__(self, drive: _Drive) -> None:
        self._drive = drive
        self._asked = 0.0
        self._answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.WriteTransport", transport)  # uvloop's is no subclass

    def ask(self) -> None:
        """Send the next request, if there is one."""
        if not self._drive.waiting:
            self._drive.rest()
            return
        self._asked = time.perf_counter()
        self.transport.write(self._drive.waiting.popleft())

    def data_received(self, data: bytes) -> None:
        answer = self._answer + data if self._answer else data
        if not _is_whole(answer):
            self._answer = answer
            return
        self._drive.latencies.append(time.perf_counter() - self._asked)
        self._drive.statuses[answer[STATUS]] += 1
        self._answer = b""
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


async def drive(port: int, requests: Sequence[bytes], *, connections: int) -> Load:
    """Send all requests, one at a time over each connection; TimeoutError after a minute."""
    loop, state = asyncio.get_running_loop(), _Drive(requests, connections=connections)
    opened = [
        (await loop.create_connection(lambda: _Connection(state), LOOPBACK, port))[1]
        for _ in range(connections)
    ]
    began = time.perf_counter()
    for connection in opened:
        connection.ask()
    async with asyncio.timeout(LIMIT_SECONDS):
        await state.over
    seconds = time.perf_counter() - began
    for connection in opened:
        connection.transport.close()
    statuses = {status.decode(): count for status, count in sorted(state.statuses.items())}
    return Load(seconds=seconds, statuses=statuses, latencies=sorted(state.latencies))


def request(method: str, path: str, *, headers: dict[str, str], body: bytes = b"") -> bytes:
    """A request as it stands on the wire."""
    named = {"host": LOOPBACK, **headers, **({"content-length": str(len(body))} if body else {})}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in named.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1") + body
