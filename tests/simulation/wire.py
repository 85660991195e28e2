"""The wire between asyncpg and PostgreSQL: knows whether an answer is still to come.

Source: PostgreSQL 18, "Message Formats": a backend message is a type byte and a length that counts itself.
"""

import asyncio
import contextlib
import os
import socket
from typing import Any, Final, cast

# Not a limit of anything measured: a database that says nothing for so long is a bug to be shown.
SECONDS_MAX: Final = 30.0
_HEAD_BYTES: Final = 5
# What ends an answer: ReadyForQuery; to a question that ends with a Flush, what describes a statement's rows.
_READY: Final = frozenset(b"Z")
_DESCRIBED: Final = frozenset(b"ZTnE")
_FLUSH: Final = b"H\0\0\0\4"
_SYNC: Final = b"S\0\0\0\4"
_ROLLBACK: Final = b"Q\0\0\0\x0dROLLBACK\0"
_READ_BYTES: Final = 65_536


class Wire(asyncio.Protocol):
    """Stands between the socket and asyncpg, which has one question in flight at most."""

    def __init__(self, inner: asyncio.Protocol) -> None:
        self._inner = inner
        self._transport: Any = None
        self._unread = bytearray()
        self.is_busy = False
        self._last_words = _READY

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let asyncpg write through this wire."""
        self._transport = transport
        self._inner.connection_made(cast("Any", _Watched(self, transport)))

    def sent(self, question: bytes) -> None:
        """A question, of which this is the end, is on its way."""
        self.is_busy = True
        self._last_words = _DESCRIBED if question.endswith(_FLUSH) else _READY

    def data_received(self, data: bytes) -> None:
        """Pass on what the database says."""
        self._read(data)
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """The database closes."""
        return self._inner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing comes any more."""
        self.is_busy = False
        self._transport = None
        self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """The socket is full."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """The socket has room."""
        self._inner.resume_writing()

    def cut(self) -> None:
        """End as a killed process's connection does, but waiting for it.

        What was sent is executed to its end, as PostgreSQL does before it reads that the socket was closed;
        then its transaction is rolled back, and no lock is left.
        """
        if self._transport is None:
            return
        transport, self._transport = self._transport, None
        assert transport.get_write_buffer_size() == 0, "a question was cut in two"
        with (
            contextlib.suppress(ConnectionError),  # it was about to say goodbye anyway
            socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno())) as own,
        ):
            own.settimeout(SECONDS_MAX)
            self._drain(own)
            for question in (_SYNC, _ROLLBACK):
                self.sent(question)
                own.sendall(question)
                self._drain(own)
        self.is_busy = False
        transport.abort()
        transport._sock.close()
        transport._sock = None
        self._inner.connection_lost(None)

    def _drain(self, own: socket.socket) -> None:
        while self.is_busy and (data := own.recv(_READ_BYTES)):
            self._read(data)

    def _read(self, data: bytes) -> None:
        unread = self._unread
        unread += data
        while len(unread) >= _HEAD_BYTES:
            end = 1 + int.from_bytes(unread[1:_HEAD_BYTES], "big")
            if len(unread) < end:
                return
            if unread[0] in self._last_words:
                self.is_busy = False
            del unread[:end]


class _Watched:
    """A transport that tells its wire what is written."""

    def __init__(self, wire: Wire, transport: Any) -> None:
        self._wire = wire
        self._transport = transport

    def write(self, data: Any) -> None:
        self._wire.sent(bytes(data[-len(_FLUSH) :]))
        self._transport.write(data)

    def writelines(self, parts: Any) -> None:
        self._wire.sent(bytes(parts[-1][-len(_FLUSH) :]))
        self._transport.writelines(parts)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
