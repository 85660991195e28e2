"""Answers that apps poll: named by what they say, and not sent again to whoever has them."""

import hashlib
from typing import Any, Final, TypeVar, cast

import msgspec
from litestar import Request, Response
from litestar.openapi.datastructures import ResponseSpec
from litestar.status_codes import HTTP_200_OK, HTTP_304_NOT_MODIFIED

OWN: Final = {"Cache-Control": "private, no-cache"}
# With a token the same address may answer otherwise.
EVERYBODYS: Final = {"Cache-Control": "public, no-cache", "Vary": "Authorization"}
# For the document, of each route that answers with `polled`.
SAME: Final = {HTTP_304_NOT_MODIFIED: ResponseSpec(None, description="It has not changed.")}

T = TypeVar("T")


def polled(request: Request[Any, Any, Any], view: T) -> Response[T | None]:
    """The answer with its ETag; 304 without a body where the caller has it already (RFC 9110, 13.1.2).

    Without a token it is everybody's, and whoever keeps it asks each time whether it still holds.
    """
    encoded = msgspec.json.encode(view)
    tag = f'"{hashlib.sha256(encoded).hexdigest()[:32]}"'
    headers = {"ETag": tag} | (OWN if request.scope["user"] else EVERYBODYS)
    if names(request.headers.get("if-none-match", ""), tag):
        return Response(None, status_code=HTTP_304_NOT_MODIFIED, headers=headers)
    return Response(cast("T", msgspec.Raw(encoded)), status_code=HTTP_200_OK, headers=headers)


def names(wanted: str, tag: str) -> bool:
    """Whether a list of tags has this one; tags that a proxy has weakened are the same here."""
    return wanted.strip() == "*" or tag in (each.strip().removeprefix("W/") for each in wanted.split(","))
