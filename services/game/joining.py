"""An answer's head and its body in one system call: uvicorn writes them one after the other."""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class Joined:
    """A transport that holds back what is written first in a turn of the loop, until something follows."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._held: bytes | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        """Whether the connection is about to end; asked for each answer."""
        return self._transport.is_closing()

    def write(self, data: bytes) -> None:
        """Send in the order of the calls, at the loop's next turn at the latest."""
        if self._held is None:
            self._held = data
            self._loop.call_soon(self._let_go)
        else:
            held, self._held = self._held, None
            self._transport.writelines((held, data))

    def close(self) -> None:
        """End the connection once all is sent."""
        self._let_go()
        self._transport.close()

    def _let_go(self) -> None:
        held, self._held = self._held, None
        if held is not None and not self._transport.is_closing():
            self._transport.write(held)


class JoinedHttp(HttpToolsProtocol):
    """Serves HTTP/1.1 as uvicorn does, over such a transport."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A connection was accepted."""
        super().connection_made(cast("asyncio.Transport", Joined(cast("asyncio.Transport", transport))))
