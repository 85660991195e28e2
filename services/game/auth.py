"""Who is calling: roles, the caller of a request, and what a route asks of them."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any

import msgspec
import structlog
from litestar import Litestar, Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler
from litestar.routes import HTTPRoute

from game.errors import Forbidden, Unauthenticated
from game.resources import Resources
from game.wire import check_media_type, decode_body

PUBLIC = {"public": True}
"""`opt=PUBLIC` marks a route that needs no token; a token that does not hold is refused all the same."""

Guard = Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], Awaitable[None]]


log = structlog.get_logger()


class Role(StrEnum):
    """What a brand's issuer says that a subject may do."""

    PLAYER = "player"
    SUPPORT = "support"
    MANAGER = "manager"
    APPROVER = "approver"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Caller(msgspec.Struct, frozen=True):
    """Whom a verified token speaks for: a subject of one brand, and what it may do there."""

    brand_id: str
    subject: str
    roles: frozenset[Role]


class AppRequest(Request[Caller | None, Any, State]):
    """A request of this service; `user` is the caller, or None on a public route without a token."""

    @property
    def caller(self) -> Caller:
        """The caller; Unauthenticated when there is none."""
        caller = self.scope["user"]
        if caller is None:
            raise token_required()
        assert isinstance(caller, Caller)
        return caller

    @property
    def brand_id(self) -> str | None:
        """The caller's brand; None without a token."""
        return self.user.brand_id if self.user else None

    @property
    def resources(self) -> Resources:
        """What the use cases need."""
        resources = self.app.state.resources
        assert isinstance(resources, Resources)
        return resources

    async def json(self) -> Any:
        """The body, decoded strictly and in one go into the type that the handler's `data` asks for."""
        check_media_type(self.content_type[0])
        asked = self.route_handler.parsed_fn_signature.parameters["data"]
        return decode_body(await self.body(), asked.annotation)


def token_required() -> Unauthenticated:
    """The refusal of a request that needs a token and has none."""
    return Unauthenticated("token_required", "Send a token of the brand's issuer: Authorization: Bearer …")


def require(*roles: Role) -> Guard:
    """A guard that lets in whoever has one of the roles, in their own brand.

    A coroutine function, since Litestar moves other guards to a thread.
    """
    admitted = frozenset(roles)
    assert admitted, "a route that nobody may call"

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
        caller = connection.scope["user"]
        if caller is None:
            raise token_required()
        if admitted.isdisjoint(caller.roles):
            log.warning(
                "auth.role_missing",
                brand_id=caller.brand_id,
                subject=caller.subject,
                route=connection.scope.get("path_template"),
            )
            raise Forbidden(
                "role_required", "The token has no role that may do this.", roles=sorted(admitted)
            )

    return guard


def check_guards(app: Litestar) -> None:
    """A route that nobody thought about must not be open to all."""
    for handler in (
        handler for route in app.routes if isinstance(route, HTTPRoute) for handler in route.route_handlers
    ):
        is_guarded = (
            handler.opt.get("public") or handler.resolve_guards() or handler.http_methods == {"OPTIONS"}
        )
        assert is_guarded, f"{handler} is neither guarded nor public"
