"""One attempt to hand over a message: a POST that follows nothing, believes nothing and reads little."""

import socket
import ssl
from collections.abc import Callable, Mapping
from time import monotonic
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
from aiohttp.abc import AbstractResolver

from game.webhooks.out.guard import complaint, may_connect
from game.webhooks.out.rules import Sent

TIMEOUT_SECONDS: Final = 10.0
EXCERPT_BYTES: Final = 256
HEADER_BYTES: Final = 8_190
CONNECTIONS_MAX: Final = 128
USER_AGENT: Final = "Playfair-Webhooks/1"


class AddressRefused(OSError):
    """A name led to an address that is not of the public internet."""

    def __init__(self) -> None:
        super().__init__("address refused")


class Sender:
    """Sends while it is entered. `to_loopback`: as the settings allow; `resolver` None: the system's."""

    def __init__(
        self,
        *,
        to_loopback: bool,
        clock: Callable[[], int],
        resolver: AbstractResolver | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._to_loopback = to_loopback
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        connector = aiohttp.TCPConnector(
            resolver=resolver,
            use_dns_cache=False,
            limit=CONNECTIONS_MAX,
            force_close=True,
            socket_factory=self._socket,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=timeout_seconds),
            max_line_size=HEADER_BYTES,
            max_field_size=HEADER_BYTES,
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Sent:
        """Send once; what went wrong is in the answer, never raised."""
        began_ms, began = self._clock(), monotonic()
        status, error, excerpt = None, None, b""
        if complaint(url, to_loopback=self._to_loopback) is not None:
            error = "url_refused"
        else:
            try:
                status, excerpt = await self._post(url, headers, body)
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as raised:
                error = _said(raised)
        return Sent(
            began_ms=began_ms,
            took_ms=int((monotonic() - began) * 1000),
            status=status,
            error=error,
            excerpt=excerpt.decode(errors="replace").replace("\0", "\ufffd"),
        )

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        sent = {"Content-Type": "application/json", **headers}
        async with self._session.post(url, data=body, headers=sent, allow_redirects=False) as answer:
            return answer.status, await _beginning(answer)

    def _socket(self, place: tuple[Any, ...]) -> socket.socket:
        """The socket for an address that is about to be connected to; AddressRefused where it may not be."""
        family, kind, protocol, _, address = place
        if not may_connect(address[0], to_loopback=self._to_loopback):
            raise AddressRefused
        return socket.socket(family, kind, protocol)


async def _beginning(answer: aiohttp.ClientResponse) -> bytes:
    """The first bytes of an answer; one that breaks off after its status is an answer still."""
    try:
        return await answer.content.read(EXCERPT_BYTES)
    except (aiohttp.ClientError, TimeoutError):
        return b""


def _said(raised: Exception) -> str:
    """What went wrong in a word; the texts of exceptions name addresses that a brand has no business with."""
    match raised:
        case aiohttp.ClientConnectorError(os_error=AddressRefused()):
            return "address_refused"
        case TimeoutError():
            return "timed_out"
        case aiohttp.ClientConnectorDNSError():
            return "name_not_found"
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return "tls_failed"
        case aiohttp.ClientConnectorError():
            return "connection_refused"
    return "no_answer"
