"""All logs of an operator, as a service lists them."""

from collections.abc import Iterator
from urllib.parse import urlencode

import msgspec

from game.auditor.keys import Keys
from game.auditor.reading import MAX_LIST_BYTES, RemoteLog, UnreadableError, fetch
from game.fair.note import Verifier

MAX_PAGES = 1_000


class _Log(msgspec.Struct, frozen=True):
    origin: str
    path: str


class _Page(msgspec.Struct, frozen=True):
    logs: tuple[_Log, ...]
    next: str | None


class Listed(msgspec.Struct, frozen=True):
    """Logs with a pinned key, and what is wrong with the list: unpinned logs, pinned ones that are gone."""

    logs: tuple[tuple[str, Verifier], ...]
    unpinned: tuple[str, ...]
    missing: tuple[str, ...]


def listed(base: str, keys: Keys) -> Listed:
    """The logs of every operator that a pinned key names. Raises UnreadableError."""
    operators = sorted({origin.rpartition("/")[0] for origin in keys.origins()})
    found = {log.origin: log.path for operator in operators for log in _of_operator(base, operator)}
    pinned = [(origin, keys.of(origin)) for origin in sorted(found)]
    return Listed(
        logs=tuple((_address(base, found[origin]), key) for origin, key in pinned if key is not None),
        unpinned=tuple(origin for origin, key in pinned if key is None),
        missing=tuple(sorted(keys.origins() - found.keys())),
    )


def _of_operator(base: str, operator: str) -> Iterator[_Log]:
    after = ""
    for _ in range(MAX_PAGES):
        query = urlencode({"operator": operator, **({"after": after} if after else {})})
        page = _read(fetch(f"{base.rstrip('/')}/v1/logs?{query}", limit=MAX_LIST_BYTES), base)
        yield from page.logs
        if page.next is None:
            return
        after = page.next
    raise UnreadableError(f"{base}: the list of logs has more than {MAX_PAGES} pages")


def _read(data: bytes, base: str) -> _Page:
    try:
        return msgspec.json.decode(data, type=_Page)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UnreadableError(f"{base}: no list of logs: {error}") from error


def _address(base: str, path: str) -> str:
    if not path.startswith("/"):
        raise UnreadableError(f"{base}: {path!r} is no path of a log")
    return RemoteLog(base.rstrip("/") + path).url
