"""Polls of a player's tasks and streaks as plain ASGI: apps ask often, and hardly ever for anything new.

The framework still has the routes (`api.py`, `streak_api.py`): for the document, for addresses that are
written in another way, and for whoever is no player.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec
from litestar.types import ASGIApp, HTTPScope, Receive, Send

from game.auth import Caller, Role
from game.polling import send_made
from game.resources import Resources
from game.tasks.listing import my_tasks
from game.tasks.streak_listing import my_streaks
from game.tasks.streak_views import my_streaks_view
from game.tasks.views import my_tasks_view

ADDRESS: Final = re.compile(r"/v1/campaigns/([a-z0-9]{12})/me/(tasks|streaks)")

_encoder = msgspec.json.Encoder()


class Kind(msgspec.Struct, frozen=True):
    """What is polled: its route as the framework names it, how it is read, and how it is told."""

    template: str
    read: Callable[..., Awaitable[Any]]
    view: Callable[[Any], msgspec.Struct]


KINDS: Final[Mapping[str, Kind]] = {
    "tasks": Kind("/v1/campaigns/{campaign_id}/me/tasks", my_tasks, my_tasks_view),
    "streaks": Kind("/v1/campaigns/{campaign_id}/me/streaks", my_streaks, my_streaks_view),
}


class Polls:
    """Answers the polls that one process receives; refusals are raised."""

    def __init__(self, resources: Resources, framework: ASGIApp) -> None:
        self._resources = resources
        self._framework = framework

    def is_meant(self, scope: HTTPScope) -> bool:
        """Whether a request asks for a player's tasks or streaks."""
        is_plain = scope["method"] == "GET" and not scope["query_string"]
        return is_plain and ADDRESS.fullmatch(scope["path"]) is not None

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Answer a request that is meant for us."""
        caller: Caller | None = scope["user"]
        asked = ADDRESS.fullmatch(scope["path"])
        if asked is None or caller is None or Role.PLAYER not in caller.roles:
            await self._framework(scope, receive, send)
            return
        kind = KINDS[asked[2]]
        scope["path_template"] = kind.template
        found = await kind.read(self._resources, caller, campaign_id=asked[1])
        await send_made(scope, send, found.tag, lambda: _encoder.encode(kind.view(found)))
