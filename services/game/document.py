"""The OpenAPI document of the service's routes: Litestar's, with what holds for every route added."""

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Controller, Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.routes import HTTPRoute

from game.auth import AppRequest
from game.problems import EXAMPLES, MEDIA_TYPE, example_problem
from game.texts import problem_titles

VERSION = "1"
DESCRIPTION = """\
Scratch cards and prize wheels whose every draw can be checked by anyone.

Players and managers call with a short-lived token (JWT) of their brand's issuer. What is refused is \
answered as problem+json (RFC 9457): its `code` is stable, its `title` follows `Accept-Language` (zh-CN or \
English), and further members hold the numbers that explain it. A refused play was not charged."""
TOKEN: dict[str, list[str]] = {"bearer": []}
# What routes of a kind may answer, beyond what their handlers declare.
OF_ALL = (401, 429, 503)
OF_GUARDED = (403,)
OF_PLACES = (404,)
OF_WRITES = (409,)
OF_PARAMETERS = (422,)
OF_BODIES = (400, 413, 415, 422)
NAMES = {status: HTTPStatus(status).phrase.title().replace(" ", "") for status in EXAMPLES}
Operation = dict[str, Any]


def document(controllers: Sequence[type[Controller]]) -> bytes:
    """The document as indented JSON, the same bytes for the same routes."""
    app = Litestar(controllers, request_class=AppRequest, openapi_config=_config(), logging_config=None)
    described: dict[str, Any] = msgspec.to_builtins(app.openapi_schema.to_schema())
    for method, operation, is_public in _operations(app, described):
        _complete(operation, method=method, is_public=is_public)
    described["components"]["responses"] = {name: _answer(status) for status, name in NAMES.items()}
    described["x-problem-codes"] = problem_titles()
    return msgspec.json.format(msgspec.json.encode(described), indent=2) + b"\n"


def _config() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Playfair",
        version=VERSION,
        description=DESCRIPTION,
        use_handler_docstrings=True,
        operation_id_creator=_operation_id,
        components=Components(
            security_schemes={"bearer": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")}
        ),
    )


def _operation_id(handler: HTTPRouteHandler, _method: str, _path: list[Any]) -> str:
    controller, name = handler.fn.__qualname__.rsplit(".", 2)[-2:]
    return controller[0].lower() + controller[1:] + name.title().replace("_", "")


def _operations(app: Litestar, described: dict[str, Any]) -> Iterator[tuple[str, Operation, bool]]:
    for route in app.routes:
        path = described["paths"].get(route.path_format or "/")
        if path is None or not isinstance(route, HTTPRoute):
            continue
        for method, (handler, _) in route.route_handler_map.items():
            if method != "OPTIONS":
                yield method, path[method.lower()], bool(handler.opt.get("public"))


def _complete(operation: Operation, *, method: str, is_public: bool) -> None:
    operation["summary"] = operation["description"].partition("\n")[0].rstrip(".")
    operation["security"] = [{}, TOKEN] if is_public else [TOKEN]
    answers = operation["responses"]
    answers.pop("400", None)  # Litestar's own, or one that a route with a body has anyway
    declared = {int(status) for status, answer in answers.items() if MEDIA_TYPE in answer.get("content", {})}
    added = _statuses(operation, method=method, is_public=is_public) - {int(status) for status in answers}
    for status in declared | added:
        answers[str(status)] = {"$ref": f"#/components/responses/{NAMES[status]}"}
    for answer in answers.values():
        if "headers" in answer:  # in the order of a set, which is another in each process
            answer["headers"] = dict(sorted(answer["headers"].items()))
    operation["responses"] = dict(sorted(answers.items()))


def _statuses(operation: Operation, *, method: str, is_public: bool) -> set[int]:
    places = {parameter["in"] for parameter in operation.get("parameters", ())}
    statuses = {*OF_ALL, *(() if is_public else OF_GUARDED)}
    statuses.update(OF_PLACES if "path" in places else ())
    statuses.update(OF_PARAMETERS if places - {"path"} else ())
    statuses.update(() if method == "GET" else OF_WRITES)
    statuses.update(OF_BODIES if "requestBody" in operation else ())
    return statuses


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
