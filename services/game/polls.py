"""Polls of what a player has, and sees, as plain ASGI: apps ask often, and hardly ever for anything new.

The framework still has the routes: for the document, for addresses that are written in another way, and for
whoever is no player.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final, Protocol

import msgspec
from litestar.types import ASGIApp, HTTPScope, Receive, Send

from game.auth import Caller, Role
from game.polling import send_made, tag_of
from game.resources import Resources

ADDRESS: Final = re.compile(r"/v1/campaigns/([a-z0-9]{12})(?:/me/([a-z]{1,16}))?")
# As the framework names the routes.
CAMPAIGN: Final = "/v1/campaigns/{campaign_id}"

_encoder = msgspec.json.Encoder()


class Named(Protocol):
    """What an answer is made of, and is named by."""

    @property
    def tag(self) -> str:
        """The answer's ETag."""
        ...


class Poll(msgspec.Struct, frozen=True, kw_only=True):
    """What is polled of a campaign under a name, how it is read and told. No name: the campaign itself."""

    name: str | None
    read: Callable[..., Awaitable[Named]]
    tell: Callable[[Any], Awaitable[msgspec.Struct | msgspec.Raw]]

    @property
    def template(self) -> str:
        """Its address, as the framework names the route."""
        return CAMPAIGN if self.name is None else f"{CAMPAIGN}/me/{self.name}"


class _Made(msgspec.Struct, frozen=True):
    """An answer as it is sent."""

    content: bytes

    @property
    def tag(self) -> str:
        """Named by what it says."""
        return tag_of(self.content)


def whole(name: str | None, read: Callable[..., Awaitable[msgspec.Struct]]) -> Poll:
    """A poll whose answer is made in any case, and not sent again to whoever has it."""

    async def made(resources: Resources, caller: Caller, *, campaign_id: str) -> _Made:
        return _Made(_encoder.encode(await read(resources, caller, campaign_id=campaign_id)))

    return Poll(name=name, read=made, tell=_content)


async def _content(made: _Made) -> msgspec.Raw:
    return msgspec.Raw(made.content)


class Polls:
    """Answers the polls that one process receives; refusals are raised."""

    def __init__(self, resources: Resources, framework: ASGIApp, polls: Sequence[Poll]) -> None:
        self._resources = resources
        self._framework = framework
        self._polls = {poll.name: poll for poll in polls}

    def is_meant(self, scope: HTTPScope) -> bool:
        """Whether a request is one of these polls."""
        return scope["method"] == "GET" and not scope["query_string"] and self._asked(scope) is not None

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Answer a request that is meant for us."""
        caller: Caller | None = scope["user"]
        asked = self._asked(scope)
        if asked is None or caller is None or Role.PLAYER not in caller.roles:
            await self._framework(scope, receive, send)
            return
        campaign_id, poll = asked
        scope["path_template"] = poll.template
        found = await poll.read(self._resources, caller, campaign_id=campaign_id)
        await send_made(scope, send, found.tag, partial(_told, poll, found))

    def _asked(self, scope: HTTPScope) -> tuple[str, Poll] | None:
        asked = ADDRESS.fullmatch(scope["path"])
        poll = asked and self._polls.get(asked[2])
        return (asked[1], poll) if asked and poll else None


async def _told(poll: Poll, found: Named) -> bytes:
    return _encoder.encode(await poll.tell(found))
