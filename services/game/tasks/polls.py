"""Polls of a player's tasks as plain ASGI: apps ask again and again, and hardly ever has anything changed.

The framework still has the route (`api.py`): for the document, for addresses that are written in another way,
and for whoever is no player.
"""

import re
from typing import Final

import msgspec
from litestar.types import ASGIApp, HTTPScope, Receive, Send

from game.auth import Caller, Role
from game.polling import send_made
from game.resources import Resources
from game.tasks.listing import my_tasks
from game.tasks.views import my_tasks_view

ADDRESS: Final = re.compile(r"/v1/campaigns/([a-z0-9]{12})/me/tasks")
# As the framework names the route.
TEMPLATE: Final = "/v1/campaigns/{campaign_id}/me/tasks"

_encoder = msgspec.json.Encoder()


class Polls:
    """Answers the polls that one process receives; refusals are raised."""

    def __init__(self, resources: Resources, framework: ASGIApp) -> None:
        self._resources = resources
        self._framework = framework

    def is_meant(self, scope: HTTPScope) -> bool:
        """Whether a request asks for a player's tasks."""
        is_plain = scope["method"] == "GET" and not scope["query_string"]
        return is_plain and ADDRESS.fullmatch(scope["path"]) is not None

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Answer a request that is meant for us."""
        caller: Caller | None = scope["user"]
        asked = ADDRESS.fullmatch(scope["path"])
        if asked is None or caller is None or Role.PLAYER not in caller.roles:
            await self._framework(scope, receive, send)
            return
        scope["path_template"] = TEMPLATE
        found = await my_tasks(self._resources, caller, campaign_id=asked[1])
        await send_made(scope, send, found.tag, lambda: _encoder.encode(my_tasks_view(found)))
