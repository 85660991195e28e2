"""Public reads as plain ASGI: what everybody may see is read once a second, and sent to all who ask.

The framework has the routes, and makes each answer that is kept here. It also answers what is asked in
another way: later pages, parameters that no route knows.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, cast

import msgspec
from litestar.status_codes import HTTP_304_NOT_MODIFIED
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Send
from litestar.types.asgi_types import HTTPRequestEvent

from game.auth import Caller, Role
from game.cache import Answer, Cache, Header
from game.exchange import header
from game.polling import names
from game.texts import preferred_language

KEEP_MS: Final = 1_000
ENTRIES_LIMIT: Final = 2_000
BYTES_LIMIT: Final = 32 * 1024 * 1024
ADDRESSES_KEPT: Final = 4_096
# Longer ones are nobody's; those that are looked up are remembered, whatever they are.
ADDRESS_LONGEST: Final = 256
PART: Final = "[a-z0-9-]{1,32}"
# What a body has and its absence has not (RFC 9110, 15.4.5).
OF_THE_BODY: Final = (b"content-type", b"content-length")
# Whom the framework takes us for; no answer says so.
OURS: Final[dict[str, Any]] = {
    "type": "http",
    "asgi": {"version": "3.0", "spec_version": "2.3"},
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "root_path": "",
    "client": ("127.0.0.1", 0),
    "server": ("127.0.0.1", 80),
}


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """A public GET that answers by its address and the caller's brand alone.

    `template`: as the framework names it. `parameters`: patterns of those of the query, each of few values.
    `tells_players`: a player is told more, by somebody else.
    """

    template: str
    parameters: Mapping[str, str]
    tells_players: bool = False


class Place(msgspec.Struct, frozen=True):
    """What is asked for; other ways to write the same query are the same place."""

    route: Route
    path: str
    query: bytes


# What an answer depends on: path, query, the caller's brand, and the language of refusals.
Key = tuple[str, bytes, str | None, str]


class Reads:
    """Answers the public reads that one process receives."""

    def __init__(
        self,
        framework: ASGIApp,
        routes: Sequence[Route],
        *,
        to_players: Callable[[HTTPScope, Receive, Send], Awaitable[None]],
        clock: Callable[[], int],
    ) -> None:
        self._framework = framework
        self._to_players = to_players
        self._routes = [(_address(route.template), route) for route in routes]
        self._place_of = lru_cache(maxsize=ADDRESSES_KEPT)(self._look_up)
        self._cache = Cache(
            self._read,
            keep_ms=KEEP_MS,
            entries_limit=ENTRIES_LIMIT,
            bytes_limit=BYTES_LIMIT,
            clock=clock,
        )
        self.close = self._cache.close

    def is_meant(self, scope: HTTPScope) -> bool:
        """Whether a request asks for something that is kept."""
        path, query = scope["path"], scope["query_string"]
        is_short = len(path) + len(query) <= ADDRESS_LONGEST
        return scope["method"] == "GET" and is_short and self._place_of(path, query) is not None

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Answer a request that is meant for us."""
        place = self._place_of(scope["path"], scope["query_string"])
        assert place is not None
        caller: Caller | None = scope["user"]
        if place.route.tells_players and caller is not None and Role.PLAYER in caller.roles:
            await self._to_players(scope, receive, send)
            return
        scope["path_template"] = place.route.template
        brand_id = None if caller is None else caller.brand_id
        language = preferred_language(header(scope, b"accept-language")).value
        answer = await self._cache.get((place.path, place.query, brand_id, language))
        status, headers, body = answer.status, answer.headers, answer.body
        known = header(scope, b"if-none-match")
        if known and answer.tag is not None and names(known, answer.tag):
            status, headers, body = HTTP_304_NOT_MODIFIED, answer.headers_known, b""
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    def _look_up(self, path: str, query: bytes) -> Place | None:
        for address, route in self._routes:
            if address.fullmatch(path):
                given = _given(query.decode("latin-1"), route.parameters)
                return None if given is None else Place(route, path, given.encode())
        return None

    async def _read(self, key: Key) -> Answer:
        """Ask the framework, as somebody of whom nothing is known but what the key says."""
        path, query, brand_id, language = key
        scope = OURS | {
            "path": path,
            "raw_path": path.encode(),
            "query_string": query,
            "headers": [(b"host", b"localhost"), (b"accept-language", language.encode())],
            "user": brand_id and Caller(brand_id=brand_id, subject="", roles=frozenset()),
            "state": {},
        }
        written = _Written()
        await self._framework(cast("HTTPScope", scope), _nothing, written)
        return written.answer


class _Written:
    """Takes down what the framework sends."""

    def __init__(self) -> None:
        self._status = 0
        self._headers: tuple[Header, ...] = ()
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status, self._headers = message["status"], tuple(message["headers"])
        elif message["type"] == "http.response.body":
            self._body += message["body"]

    @property
    def answer(self) -> Answer:
        tag = dict(self._headers).get(b"etag")
        return Answer(
            status=self._status,
            headers=self._headers,
            headers_known=tuple(each for each in self._headers if each[0] not in OF_THE_BODY),
            body=self._body,
            tag=None if tag is None else tag.decode("latin-1"),
        )


def _address(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{\w+\\}", PART, re.escape(template)))


def _given(query: str, parameters: Mapping[str, str]) -> str | None:
    """A query as it is written here, by name; None: it has something that is none of the parameters."""
    pairs = [pair.partition("=") for pair in query.split("&")] if query else []
    found = {name: value for name, _, value in pairs}
    is_known = all(re.fullmatch(parameters.get(name, "(?!)"), value) for name, value in found.items())
    if not is_known or len(found) < len(pairs):
        return None
    return "&".join(f"{name}={found[name]}" for name in sorted(found))


async def _nothing() -> HTTPRequestEvent:
    return {"type": "http.request", "body": b"", "more_body": False}
