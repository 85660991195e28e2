"""A request and its answer as plain ASGI, for the few routes that are called most."""

from typing import Any, Final

from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.types import HTTPScope, Receive, Send

from game.errors import Malformed
from game.wire import JSON, body_required, decode_body

BODY_BYTES: Final = 256 * 1024
_IS_JSON: Final = (b"content-type", JSON.encode())


async def whole_body(scope: HTTPScope, receive: Receive, *, bytes_max: int) -> bytes:
    """The body of a request; RequestEntityTooLarge, or Malformed `request_incomplete`."""
    announced = header(scope, b"content-length")
    if announced.isdecimal() and int(announced) > bytes_max:
        raise RequestEntityTooLarge
    body, is_whole = b"", False
    while not is_whole:
        message = await receive()
        if message["type"] != "http.request":
            raise Malformed("request_incomplete", "The connection ended before the request did.")
        body += message.get("body", b"")
        if len(body) > bytes_max:
            raise RequestEntityTooLarge
        is_whole = not message.get("more_body", False)
    return body


async def json_body(scope: HTTPScope, receive: Receive, body_type: Any) -> Any:
    """The value of a JSON body, as strict as `decode_body`; Invalid where there is none."""
    body = await whole_body(scope, receive, bytes_max=BODY_BYTES)
    if not body:
        raise body_required()
    return decode_body(body, body_type)


async def send_json(send: Send, status: int, body: bytes) -> None:
    """Answer with what is JSON already."""
    headers = [_IS_JSON, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def media_type(scope: HTTPScope) -> str:
    """What a body is said to be, without parameters."""
    given = header(scope, b"content-type")
    return given if given == JSON else given.partition(";")[0].strip().lower()


def plain_headers(scope: HTTPScope) -> dict[bytes, bytes] | None:
    """The headers of a request whose body is JSON, each given once; None: of any other."""
    headers = dict(scope["headers"])
    is_plain = len(headers) == len(list(scope["headers"])) and headers.get(_IS_JSON[0]) == _IS_JSON[1]
    return headers if is_plain else None


def header(scope: HTTPScope, wanted: bytes) -> str:
    """The first header of a name; empty: there is none."""
    for name, value in scope["headers"]:
        if name == wanted:
            return value.decode("latin-1")
    return ""
