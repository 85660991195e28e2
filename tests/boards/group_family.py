"""Players who make groups and join them, over HTTP."""

import itertools
from typing import Any
from uuid import UUID

import httpx

from game.players import player_id_of
from game.resources import Resources
from tests.campaigns.office import Someone
from tests.support.service import ManualClock
from tests.support.tokens import Issuer


class Family:
    """Players of a brand, and their groups."""

    def __init__(
        self, client: httpx.AsyncClient, issuer: Issuer, resources: Resources, clock: ManualClock
    ) -> None:
        self.client = client
        self.issuer = issuer
        self.resources = resources
        self.clock = clock
        self._numbers = itertools.count()

    async def send(
        self, subject: str, method: str, path: str, body: Any = None, **headers: str
    ) -> httpx.Response:
        """Ask for something of the player's own."""
        signed = self.issuer.headers(subject) | headers
        return await self.client.request(method, f"/v1/me/{path}", json=body, headers=signed)

    async def make(self, subject: str, key: str, **changes: Any) -> httpx.Response:
        """Make a group."""
        body = {"name": "Family", "nickname": subject} | changes
        return await self.send(subject, "POST", "groups", body, **{"Idempotency-Key": key})

    async def made(self, subject: str, **changes: Any) -> str:
        """Make a group, which must succeed; its id."""
        answer = await self.make(subject, f"key-{next(self._numbers)}", **changes)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def invite(self, subject: str, group_id: str, key: str, **body: int) -> httpx.Response:
        """Make a code."""
        path = f"groups/{group_id}/invitations"
        return await self.send(subject, "POST", path, body, **{"Idempotency-Key": key})

    async def code(self, subject: str, group_id: str, **body: int) -> str:
        """Make a code, which must succeed."""
        answer = await self.invite(subject, group_id, f"key-{next(self._numbers)}", **body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["code"])

    async def join(self, subject: str, code: str, nickname: str | None = None) -> httpx.Response:
        """Join the group of a code."""
        return await self.send(
            subject, "POST", "group-codes/join", {"code": code, "nickname": nickname or subject}
        )

    async def together(self, owner: str, *others: str) -> str:
        """A group of so many, who came in this order; its id."""
        group_id = await self.made(owner)
        for other in others:
            self.clock.advance(1)
            answer = await self.join(other, await self.code(owner, group_id))
            assert answer.status_code == 200, answer.text
        return group_id

    async def mine(self, subject: str) -> list[Any]:
        """The player's groups."""
        answer = await self.send(subject, "GET", "groups")
        assert answer.status_code == 200, answer.text
        return list(answer.json()["groups"])

    async def member(self, subject: str, group_id: str, nickname: str) -> str:
        """The id of a member, as a player sees it."""
        (group,) = [each for each in await self.mine(subject) if each["id"] == group_id]
        return str(next(each["id"] for each in group["members"] if each["nickname"] == nickname))

    async def player_id(self, subject: str) -> UUID:
        """The player's id."""
        return await player_id_of(self.resources, Someone(subject))
