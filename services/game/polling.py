"""Answers that apps poll: named by what they say, and not sent again to whoever has them."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar, cast

import msgspec
from litestar import Request, Response
from litestar.openapi.datastructures import ResponseSpec
from litestar.status_codes import HTTP_200_OK, HTTP_304_NOT_MODIFIED
from litestar.types import HTTPScope, Send

from game.exchange import header
from game.wire import JSON

OWN: Final = {"Cache-Control": "private, no-cache"}
# With a token the same address may answer otherwise.
EVERYBODYS: Final = {"Cache-Control": "public, no-cache", "Vary": "Authorization"}
_own = [(name.lower().encode(), value.encode()) for name, value in OWN.items()]
# For the document, of each route that answers with `polled` or `made`.
SAME: Final = {HTTP_304_NOT_MODIFIED: ResponseSpec(None, description="It has not changed.")}

T = TypeVar("T")


def polled(request: Request[Any, Any, Any], view: T) -> Response[T | None]:
    """The answer with its ETag; 304 without a body where the caller has it already (RFC 9110, 13.1.2).

    Without a token it is everybody's, and whoever keeps it asks each time whether it still holds.
    """
    encoded = msgspec.json.encode(view)
    headers, is_known = _named(request, tag_of(encoded))
    return _same(headers) if is_known else Response(cast("T", msgspec.Raw(encoded)), headers=headers)


async def made(
    request: Request[Any, Any, Any], tag: str, make: Callable[[], Awaitable[T]]
) -> Response[T | None]:
    """An answer that is named by what it is made of: it is not made for a caller who has it."""
    headers, is_known = _named(request, tag)
    return _same(headers) if is_known else Response(await make(), headers=headers)


def _named(request: Request[Any, Any, Any], tag: str) -> tuple[dict[str, str], bool]:
    """The headers of an answer, and whether the caller has it."""
    headers = {"ETag": tag} | (OWN if request.scope["user"] else EVERYBODYS)
    return headers, names(request.headers.get("if-none-match", ""), tag)


def _same(headers: dict[str, str]) -> Response[Any]:
    return Response(None, status_code=HTTP_304_NOT_MODIFIED, headers=headers)


async def send_made(scope: HTTPScope, send: Send, tag: str, make: Callable[[], Awaitable[bytes]]) -> None:
    """The same as plain ASGI, for a caller with a token."""
    headers = [(b"etag", tag.encode()), *_own]
    status, body = HTTP_304_NOT_MODIFIED, b""
    if not names(header(scope, b"if-none-match"), tag):
        status, body = HTTP_200_OK, await make()
        headers += [(b"content-type", JSON.encode()), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def tag_of(content: bytes) -> str:
    """An ETag by content."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def names(wanted: str, tag: str) -> bool:
    """Whether a list of tags has this one; tags that a proxy has weakened are the same here."""
    return wanted.strip() == "*" or tag in (each.strip().removeprefix("W/") for each in wanted.split(","))
