"""The yardstick: POSTs that read JSON and answer JSON, a GET that answers JSON, and nothing else.

The same framework and server with the same options as the service: `python -m tests.bench.trivial PORT`.
"""

import sys
from datetime import datetime
from typing import Any

import msgspec
import uvicorn
from litestar import Litestar, get, post
from litestar.params import JSONBody
from litestar.status_codes import HTTP_202_ACCEPTED

from game.embedded.ports import LOOPBACK
from game.serve import OPTIONS, collect_seldom
from tests.bench.yardsticks.table import LAST, PlayIn, PlayOut, told


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A body such as events have."""

    type: str
    timestamp: datetime
    data: dict[str, Any]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """As long as the answer of the service."""

    id: str
    state: str


@post("/trivial", status_code=HTTP_202_ACCEPTED)
async def tell(data: JSONBody[Told]) -> Answer:
    """Read a body and answer."""
    return Answer(id=str(data.data["occurrence"]), state=data.type)


@post("/plays")
async def play(data: JSONBody[PlayIn]) -> PlayOut:
    """Read a play's body, and answer as much as a play does."""
    del data
    return told("fwqicch6ryzz-01a2210b959f7d57b2c8d8062f5abaed", LAST)


@get("/trivial")
async def ask() -> Answer:
    """Answer."""
    return Answer(id="01a2028a-1f3e-7c15-9bab-8a54332709a2", state="stored")


def application() -> Litestar:
    """The application."""
    app = Litestar([tell, play, ask], logging_config=None, openapi_config=None)
    collect_seldom()
    return app


if __name__ == "__main__":
    uvicorn.run(
        "tests.bench.trivial:application", factory=True, host=LOOPBACK, port=int(sys.argv[1]), **OPTIONS
    )
