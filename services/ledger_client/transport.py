"""One HTTP call: bytes in, bytes or silence out; nothing is retried here."""

import asyncio
import re
from collections.abc import Mapping
from typing import Final, Protocol

import msgspec

from ledger_client.exchange import Broken, Connections, TooLong
from ledger_client.hooks import NO_HEADERS
from ledger_client.options import ANSWER_BYTES_MAX
from ledger_client.outcomes import UnknownReason

_NAMED: Final = re.compile(r"(/(?:operations|accounts)/).+?(:fence)?$")


class Request(msgspec.Struct, frozen=True):
    """What to send: a POST when there is a body, else a GET. `items` is for those who count.

    `query`: the body is a question, for ledgers that read one from a GET. `headers` are sent on top of the
    transport's own.
    """

    path: str
    body: bytes | None
    items: int
    query: bool = False
    headers: Mapping[str, str] = NO_HEADERS

    @property
    def method(self) -> str:
        """The method."""
        return "GET" if self.body is None or self.query else "POST"

    @property
    def route(self) -> str:
        """The path without ids and parameters, of which there are few."""
        return _NAMED.sub(r"\1{id}\2", self.path.partition("?")[0])


class Reply(msgspec.Struct, frozen=True):
    """An answer; `not_executed`: it says that nothing was done."""

    status: int
    body: bytes
    retry_after_seconds: float | None
    not_executed: bool


class Silence(msgspec.Struct, frozen=True):
    """No answer, which proves nothing."""

    reason: UnknownReason


class Transport(Protocol):
    """What carries a call; never raises for what a network can do."""

    async def call(self, request: Request, *, timeout_seconds: float) -> Reply | Silence:
        """The answer, or silence."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...


class HttpTransport:
    """Calls over kept connections to one base URL, with a bearer token."""

    def __init__(self, url: str, *, token: str, connections_max: int) -> None:
        self._connections = Connections(url, connections_max=connections_max, body_bytes_max=ANSWER_BYTES_MAX)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    async def call(self, request: Request, *, timeout_seconds: float) -> Reply | Silence:
        """Send once, and read all of the answer within the time."""
        try:
            async with asyncio.timeout(timeout_seconds):
                return await self._call(request)
        except TimeoutError:
            return Silence(UnknownReason.TIMEOUT)
        except TooLong:
            return Silence(UnknownReason.BROKEN_ANSWER)
        except (Broken, OSError):
            return Silence(UnknownReason.CONNECTION)

    async def close(self) -> None:
        """Release connections."""
        await self._connections.close()

    async def _call(self, request: Request) -> Reply:
        headers = {**self._headers, **request.headers}
        answer = await self._connections.call(
            request.method, request.path, headers=headers, body=request.body
        )
        return Reply(
            status=answer.status,
            body=answer.body,
            retry_after_seconds=_seconds(answer.headers.get(b"retry-after", b"")),
            not_executed=answer.headers.get(b"ledger-executed") == b"no",
        )


def _seconds(retry_after: bytes) -> float | None:
    # The other form of RFC 9110, a date, would need a second clock; whoever sends one gets our own backoff.
    return float(retry_after) if retry_after.isdigit() else None
