"""Public reads as plain ASGI: what everybody may see is read once a second, and sent to all who ask.

The framework has the routes, and makes each answer that is kept here. It also answers what is asked in
another way: later pages, parameters that no route knows, players who are told more.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Final

import msgspec
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
PART: Final = "[a-z0-9-]{1,32}"
# Of no answer; the framework wants to know of one.
HOST: Final = b"playfair"
# What a body has and its absence has not (RFC 9110, 15.4.5).
OF_THE_BODY: Final = (b"content-type", b"content-length")


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """A public GET that answers by its address and the caller's brand alone.

    `template`: as the framework names it. `parameters`: patterns of those of the query, each of few values.
    `tells_players`: a player is told more, by the framework.
    """

    template: str
    parameters: Mapping[str, str]
    tells_players: bool = False


class Place(msgspec.Struct, frozen=True):
    """What is asked for; other ways to write the same query are the same place."""

    route: Route
    path: str
    query: bytes


class Key(msgspec.Struct, frozen=True):
    """What an answer depends on. The language is that of refusals."""

    path: str
    query: bytes
    brand_id: str | None
    language: str


class Reads:
    """Answers the public reads that one process receives."""

    def __init__(self, app: ASGIApp, routes: Sequence[Route], *, clock: Callable[[], int]) -> None:
        self._app = app
        self._routes = [(_address(route.template), route) for route in routes]
        self._place_of = lru_cache(maxsize=ADDRESSES_KEPT)(self._look_up)
        self._cache: Cache[Key] = Cache(
            keep_ms=KEEP_MS, entries_limit=ENTRIES_LIMIT, bytes_limit=BYTES_LIMIT, clock=clock
        )
        self.close = self._cache.close

    def is_meant(self, scope: HTTPScope) -> bool:
        """Whether a request asks for something that is kept."""
        return scope["method"] == "GET" and self._place_of(scope["path"], scope["query_string"]) is not None

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Answer a request that is meant for us."""
        place = self._place_of(scope["path"], scope["query_string"])
        assert place is not None
        caller: Caller | None = scope["user"]
        if place.route.tells_players and caller is not None and Role.PLAYER in caller.roles:
            await self._app(scope, receive, send)
            return
        scope["path_template"] = place.route.template
        key = Key(
            path=place.path,
            query=place.query,
            brand_id=None if caller is None else caller.brand_id,
            language=preferred_language(header(scope, b"accept-language")).value,
        )
        answer = await self._cache.get(key, partial(self._read, key, scope))
        if answer.tag is not None and names(header(scope, b"if-none-match"), answer.tag):
            answer = _same(answer)
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await send({"type": "http.response.body", "body": answer.body, "more_body": False})

    def _look_up(self, path: str, query: bytes) -> Place | None:
        for address, route in self._routes:
            if address.fullmatch(path):
                given = _given(query.decode("latin-1"), route.parameters)
                return None if given is None else Place(route, path, given.encode())
        return None

    async def _read(self, key: Key, scope: HTTPScope) -> Answer:
        """Ask the framework, as somebody of whom nothing is known but what the key says."""
        asked: HTTPScope = scope | {
            "raw_path": key.path.encode(),
            "query_string": key.query,
            "headers": [(b"host", HOST), (b"accept-language", key.language.encode())],
            "user": key.brand_id and Caller(brand_id=key.brand_id, subject="", roles=frozenset()),
            "state": {},
        }
        written = _Written()
        await self._app(asked, _nothing, written)
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


def _same(answer: Answer) -> Answer:
    headers = tuple(header for header in answer.headers if header[0] not in OF_THE_BODY)
    return Answer(status=304, headers=headers, body=b"", tag=answer.tag)


async def _nothing() -> HTTPRequestEvent:
    return {"type": "http.request", "body": b"", "more_body": False}
