"""The contract as an OpenAPI document."""

from typing import Any, Final

import msgspec

from sandbox_ledger import wire
from sandbox_ledger.app import create_app

_REF: Final = "#/components/schemas/{name}"
_BODIES: Final = {
    "/v1/operations": "Operation",
    "/v1/operations:batch": "Batch",
    "/v1/operations:lookup": "LookupRequest",
}
_STRUCTS: Final = [value for value in vars(wire).values() if isinstance(value, type(msgspec.Struct))]


def document() -> bytes:
    """The document, indented, with a final newline; the same bytes for the same code."""
    app = create_app(database_url="postgresql://", token="unused", faults=False)  # noqa: S106
    found = app.openapi_schema.to_schema()
    _describe_bodies(found)
    _describe_paths(found["paths"])
    found["security"] = [{"bearer": []}]
    found["components"]["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    return msgspec.json.format(msgspec.json.encode(found, order="deterministic"), indent=2) + b"\n"


def _describe_bodies(found: dict[str, Any]) -> None:
    # msgspec knows more of its own constraints than Litestar does: patterns inside lists, integers as such.
    _, schemas = msgspec.json.schema_components(_STRUCTS, ref_template=_REF)
    found["components"]["schemas"] = schemas
    schemas["Batch"]["properties"]["operations"]["items"] = _ref("Operation")


def _describe_paths(paths: dict[str, Any]) -> None:
    # These bodies are decoded by us, so Litestar does not know them.
    for path, name in _BODIES.items():
        paths[path]["post"]["requestBody"] = _json_body(name)
    # Litestar routes whole segments only, so the suffix is written into the path here.
    fence = paths.pop("/v1/operations/{fenced}")
    fence["post"]["parameters"] = paths["/v1/operations/{operation_id}"]["get"]["parameters"]
    paths["/v1/operations/{operation_id}:fence"] = fence


def _json_body(name: str) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": _ref(name)}}, "required": True}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": _REF.format(name=name)}
