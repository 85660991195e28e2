"""One HTTP call: bytes in, bytes or silence out; nothing is retried here."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from typing import Final, Protocol

import aiohttp
import msgspec
from yarl import URL

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
    """Calls over pooled connections to one base URL, with a bearer token."""

    def __init__(self, url: str, *, token: str, connections_max: int) -> None:
        self._base = url.rstrip("/")
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=connections_max),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def call(self, request: Request, *, timeout_seconds: float) -> Reply | Silence:
        """Send once, and read all of the answer within the time."""
        try:
            async with asyncio.timeout(timeout_seconds):
                return await self._call(request)
        except TimeoutError:
            return Silence(UnknownReason.TIMEOUT)
        except (aiohttp.ClientError, OSError):
            return Silence(UnknownReason.CONNECTION)

    async def close(self) -> None:
        """Release connections."""
        await self._session.close()

    async def _call(self, request: Request) -> Reply | Silence:
        url = URL(self._base + request.path, encoded=True)
        async with self._session.request(
            request.method, url, data=request.body, headers=request.headers, allow_redirects=False
        ) as response:
            body = await _read(response.content.iter_chunked(65_536))
            if body is None:
                return Silence(UnknownReason.BROKEN_ANSWER)
            return Reply(
                status=response.status,
                body=body,
                retry_after_seconds=_seconds(response.headers.get("Retry-After", "")),
                not_executed=response.headers.get("Ledger-Executed") == "no",
            )


async def _read(chunks: AsyncIterator[bytes]) -> bytes | None:
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > ANSWER_BYTES_MAX:
            return None
    return bytes(body)


def _seconds(retry_after: str) -> float | None:
    # The other form of RFC 9110, a date, would need a second clock; whoever sends one gets our own backoff.
    return float(retry_after) if retry_after.isdecimal() else None
