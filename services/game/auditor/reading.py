"""Where an auditor reads a log: a service's tlog-tiles, which may lie, or files.

What is read is bounded, and nothing of it is believed: the replay holds it against a signed checkpoint.
"""

import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path
from typing import IO, NoReturn

from game.auditor.keeping import Kept
from game.fair.entries import MAX_ENTRY_BYTES
from game.fair.findings import Finding
from game.fair.merkle import HASH_BYTES
from game.fair.note import MAX_NOTE_BYTES
from game.fair.receipt import MAX_RECEIPT_CHARS
from game.fair.tiles import (
    LENGTH_BYTES,
    TILE_WIDTH,
    Tile,
    bundle_path,
    tile_path,
    tile_width,
    unbundled,
)

TIMEOUT_SECONDS = 30.0
FETCH_SECONDS = 120.0
READ_BYTES = 65_536
BUNDLES_AHEAD = 8
READERS = 4
MAX_BUNDLE_BYTES = TILE_WIDTH * (LENGTH_BYTES + MAX_ENTRY_BYTES)
MAX_LIST_BYTES = 200_000
MAX_LOG_ENTRIES = 2_000_000_000


class UnreadableError(Exception):
    """Something could not be read, so nothing was found out about it."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Whoever is asked answers, and nobody else."""


_opener = urllib.request.build_opener(_NoRedirects)


def _bounded(answer: IO[bytes], *, limit: int) -> bytes:
    """At most one byte more than the limit, for FETCH_SECONDS: whoever drips is not waited for."""
    data, deadline = bytearray(), time.monotonic() + FETCH_SECONDS
    while len(data) <= limit:
        if time.monotonic() > deadline:
            raise TimeoutError(f"no end after {FETCH_SECONDS} seconds")
        part = answer.read1(min(READ_BYTES, limit + 1 - len(data)))  # type: ignore[attr-defined]
        if not part:
            break
        data += part
    return bytes(data)


def fetch(url: str, *, limit: int) -> bytes:
    """What stands at an address, at most `limit` bytes. Raises UnreadableError."""
    if not url.startswith(("http://", "https://")):
        raise UnreadableError(f"{url}: not a web address")
    try:
        with _opener.open(url, timeout=TIMEOUT_SECONDS) as answer:
            data = _bounded(answer, limit=limit)
    except (OSError, HTTPException, ValueError) as error:
        raise UnreadableError(f"{url}: {error}") from error
    if len(data) > limit:
        raise UnreadableError(f"{url}: more than {limit} bytes")
    return data


class RemoteLog:
    """One log by its address, `…/v1/campaigns/ID/log`. What was read before is kept where `kept` says."""

    def __init__(self, url: str, kept: Kept | None = None) -> None:
        self.url = url.rstrip("/")
        self._kept = kept

    def checkpoint(self) -> bytes:
        """The newest checkpoint, as it is served."""
        return fetch(f"{self.url}/checkpoint", limit=MAX_NOTE_BYTES)

    def cosigned(self) -> bytes:
        """The newest note that witnesses have cosigned, as it is served."""
        return fetch(f"{self.url}/cosigned", limit=MAX_NOTE_BYTES)

    def vkey(self) -> str:
        """The key that the service tells."""
        return fetch(f"{self.url}/vkey", limit=MAX_NOTE_BYTES).decode(errors="replace").strip()

    def receipt(self, index: int) -> str:
        """An entry's receipt at the newest checkpoint."""
        return fetch(f"{self.url}/receipts/{index}", limit=MAX_RECEIPT_CHARS).decode(errors="replace")

    def tiles(self, wanted: set[Tile], size: int) -> dict[Tile, bytes]:
        """Hash tiles, each as wide as it is in the tree of `size` entries."""
        return {tile: self._tile(tile, tile_width(tile, size)) for tile in sorted(wanted)}

    def _tile(self, tile: Tile, width: int) -> bytes:
        url = f"{self.url}/tile/{tile_path(tile, width)}"
        hashes = fetch(url, limit=TILE_WIDTH * HASH_BYTES)
        if len(hashes) != width * HASH_BYTES:
            raise UnreadableError(f"{url}: {len(hashes)} bytes instead of {width} hashes")
        return hashes

    def entries(self, size: int, start: int = 0) -> Iterator[bytes]:
        """The entries from `start`, a multiple of 256, to `size`; a few bundles are read ahead."""
        if size > MAX_LOG_ENTRIES:
            raise UnreadableError(f"{self.url}: {size} entries, more than {MAX_LOG_ENTRIES}")
        waiting: deque[Future[list[bytes]]] = deque()
        with ThreadPoolExecutor(READERS) as readers:
            try:
                for index in range(start // TILE_WIDTH, -(-size // TILE_WIDTH)):
                    waiting.append(readers.submit(self._bundle, index, size))
                    if len(waiting) == BUNDLES_AHEAD:
                        yield from waiting.popleft().result()
                while waiting:
                    yield from waiting.popleft().result()
            finally:
                readers.shutdown(cancel_futures=True)

    def _bundle(self, index: int, size: int) -> list[bytes]:
        width = min(TILE_WIDTH, size - index * TILE_WIDTH)
        data = self._kept.bundle(index) if self._kept and width == TILE_WIDTH else None
        if data is None:
            data = fetch(f"{self.url}/tile/{bundle_path(index, width)}", limit=MAX_BUNDLE_BYTES)
            if self._kept and width == TILE_WIDTH:
                self._kept.keep_bundle(index, data)
        return self._entries(index, data, width)

    def _entries(self, index: int, data: bytes, width: int) -> list[bytes]:
        try:
            entries = list(unbundled(data))
        except Finding as finding:
            self._refuse_bundle(index, finding.says)
        if len(entries) != width:
            self._refuse_bundle(index, f"{len(entries)} entries instead of {width}")
        return entries

    def _refuse_bundle(self, index: int, says: str) -> NoReturn:
        if self._kept:
            self._kept.drop_bundle(index)
        raise UnreadableError(f"{self.url}: bundle {index}: {says}")


def read_file(path: Path, *, limit: int = MAX_NOTE_BYTES) -> bytes:
    """A file of at most `limit` bytes. Raises UnreadableError."""
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror}") from error
    if len(data) > limit:
        raise UnreadableError(f"{path}: more than {limit} bytes")
    return data


def lines_of(path: Path) -> Iterator[bytes]:
    """The lines of a log's file; one too long for an entry comes in pieces. Raises UnreadableError."""
    try:
        with path.open("rb") as file:
            yield from iter(lambda: file.readline(MAX_ENTRY_BYTES + 2), b"")
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror}") from error


def read_all(paths: Sequence[Path]) -> list[bytes]:
    """Several small files."""
    return [read_file(path) for path in paths]
