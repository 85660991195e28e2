"""All routes that the service has, by its document."""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec
from litestar import Litestar


class Route(NamedTuple):
    """An operation of the document; its path has names in braces."""

    method: str
    path: str
    id: str
    has_body: bool


def routes(app: Litestar) -> Iterator[Route]:
    """All that is in the document; a query that a route requires is a part of its path."""
    for path, operations in msgspec.json.decode(app.state.document())["paths"].items():
        for method, operation in operations.items():
            query = "&".join(
                f"{parameter['name']}={{{parameter['name']}}}"
                for parameter in operation.get("parameters", ())
                if parameter["in"] == "query" and parameter.get("required")
            )
            place = f"{path}?{query}" if query else path
            yield Route(method, place, operation["operationId"], "requestBody" in operation)
