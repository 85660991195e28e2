"""The OpenAPI document of the service's routes: Litestar's, with what holds for every route added."""

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Controller, Litestar
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.routes import HTTPRoute

from game.problems import MEDIA_TYPE, example_problem

VERSION = "1"
DESCRIPTION = """Scratch cards and prize wheels whose every draw can be checked by anyone.

Players and managers call with a short-lived token (JWT) of their brand's issuer. What is refused is
answered as problem+json (RFC 9457): its `code` is stable, its `title` follows `Accept-Language` (zh-CN or
English), and further members hold the numbers that explain it. A refused play was not charged."""
TOKEN: dict[str, list[str]] = {"bearer": []}
# What any route may answer, any route with parameters, any route with a body.
OF_ALL = (401, 429, 503)
OF_PARAMETERS = (422,)
OF_BODIES = (400, 413, 415, 422)
OF_ROUTES = {status: HTTPStatus(status).phrase.title().replace(" ", "") for status in (*OF_ALL, *OF_BODIES)}
Operation = dict[str, Any]


def document(controllers: Sequence[type[Controller]]) -> bytes:
    """The document as indented JSON, the same bytes for the same routes."""
    app = Litestar(controllers, openapi_config=_config(), logging_config=None)
    described: dict[str, Any] = msgspec.to_builtins(app.openapi_schema.to_schema())
    for operation, is_public in _operations(app, described):
        _complete(operation, is_public=is_public)
    described["components"]["responses"] = {name: _answer(status) for status, name in OF_ROUTES.items()}
    return msgspec.json.format(msgspec.json.encode(described), indent=2) + b"\n"


def _config() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Playfair",
        version=VERSION,
        description=DESCRIPTION,
        use_handler_docstrings=True,
        components=Components(
            security_schemes={"bearer": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")}
        ),
    )


def _operations(app: Litestar, described: dict[str, Any]) -> Iterator[tuple[Operation, bool]]:
    for route in app.routes:
        path = described["paths"].get(route.path_format or "/")
        if path is None or not isinstance(route, HTTPRoute):
            continue
        for method, (handler, _) in route.route_handler_map.items():
            if method.lower() in path:
                yield path[method.lower()], bool(handler.opt.get("public"))


def _complete(operation: Operation, *, is_public: bool) -> None:
    operation["security"] = [{}, TOKEN] if is_public else [TOKEN]
    answers = operation["responses"]
    if MEDIA_TYPE not in answers.get("400", {}).get("content", {}):  # Litestar's own, which we never send
        answers.pop("400", None)
    statuses = set(OF_ALL)
    if any(parameter["in"] != "path" for parameter in operation.get("parameters", ())):
        statuses.update(OF_PARAMETERS)
    if "requestBody" in operation:
        statuses.update(OF_BODIES)
    for status in statuses:
        answers.setdefault(str(status), {"$ref": f"#/components/responses/{OF_ROUTES[status]}"})
    operation["responses"] = dict(sorted(answers.items()))


def _answer(status: int) -> dict[str, Any]:
    return {
        "description": HTTPStatus(status).phrase,
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "example": example_problem(status),
            }
        },
    }
