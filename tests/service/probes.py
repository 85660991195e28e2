"""Routes that show what a handler gets, and one for everything that can go wrong in one."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import asyncpg
import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath, HeaderParameter, JSONBody, QueryParameter
from litestar.response import Stream

from game.auth import PUBLIC, AppRequest, Caller, Role, require
from game.errors import Exhausted
from game.wire import Line, Paragraphs

ERRORS: dict[str, Exception] = {
    "refusal": Exhausted("limit_per_day", "Used up.", limit=5, used=5, asked=1),
    "bug": AssertionError("a secret detail"),
    "outage": asyncpg.CannotConnectNowError("starting up"),
}


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    weight: Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Line
    rules: Paragraphs = "…"
    rows: list[Row] = []
    anything: Any = None


class Probes(Controller):
    path = "/probe"

    @get("/caller", guards=[require(Role.PLAYER, Role.MANAGER)])
    async def caller(self, request: AppRequest) -> Caller:
        return request.caller

    @get("/anyone", opt=PUBLIC)
    async def anyone(self, request: AppRequest) -> Caller | None:
        return request.user

    @get("/open", opt=PUBLIC)
    async def open(self, request: AppRequest) -> Caller:
        return request.caller

    @get("/cut", opt=PUBLIC)
    async def cut(self) -> Stream:
        async def parts() -> AsyncIterator[bytes]:
            yield b"the beginning"
            raise ConnectionError("and no end")

        return Stream(parts())

    @post("/body", opt=PUBLIC, status_code=200)
    async def body(self, data: JSONBody[Body]) -> Body:
        return data

    @get("/query", opt=PUBLIC)
    async def query(
        self,
        limit: Annotated[int, QueryParameter(ge=1, le=100)],
        key: Annotated[str, HeaderParameter(name="Idempotency-Key")],
    ) -> list[str]:
        return [str(limit), key]

    @get("/error/{name:str}", opt=PUBLIC)
    async def error(self, name: FromPath[str]) -> None:
        raise ERRORS[name]

    @get("/never", opt=PUBLIC)
    async def never(self, request: AppRequest) -> None:
        request.app.state.waiting.set()
        await asyncio.Event().wait()
