"""Groups over HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, Response, delete, get, post, put
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_204_NO_CONTENT

from game.auth import AppRequest, Role, require
from game.boards.groups import inviting, service
from game.boards.groups.rules import Group, GroupName, NewGroup, NewInvitation, Nickname
from game.instants import to_datetime
from game.plays.api import IdempotencyKey
from game.polling import SAME, polled
from game.problems import problem_responses

READ = problem_responses(401, 403, 404, 422)
WRITE = problem_responses(400, 401, 403, 404, 409, 413, 415, 422)


class NameIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a group is called."""

    name: GroupName


class NicknameIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What you are called in a group."""

    nickname: Nickname


class JoinIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A code as you typed it, and what you are called in the group."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=64, examples=["7ZKQM-2W8RT-D41XP-0B6HJ"])]
    nickname: Nickname


class MemberView(msgspec.Struct, frozen=True, kw_only=True):
    """A member of a group."""

    id: UUID
    nickname: str
    is_me: bool
    is_owner: bool
    joined_at: datetime


class GroupView(msgspec.Struct, frozen=True, kw_only=True):
    """A group, with its members in the order in which they came."""

    id: UUID
    name: str
    members: tuple[MemberView, ...]


class GroupList(msgspec.Struct, frozen=True, kw_only=True):
    """Your groups."""

    groups: tuple[GroupView, ...]


class InvitedView(msgspec.Struct, frozen=True, kw_only=True):
    """A code, which is shown here alone: so many may join with it, until it expires."""

    code: str
    uses: int
    expires_at: datetime


class Groups(Controller):
    """Groups of friends and family, whose members see each other on boards."""

    path = "/v1/me"
    tags = ("Groups",)
    guards = (require(Role.PLAYER),)

    @get("/groups", responses=SAME | problem_responses(401, 403))
    async def index(self, request: AppRequest) -> Response[GroupList | None]:
        """Your groups. Ask again with `If-None-Match`: what has not changed is not sent."""
        me, groups = await service.my_groups(request.resources, request.caller)
        return polled(request, GroupList(groups=tuple(_view(me, group) for group in groups)))

    @post("/groups", responses=problem_responses(400, 401, 403, 409, 413, 415, 422))
    async def create(
        self, request: AppRequest, idempotency_key: IdempotencyKey, data: JSONBody[NewGroup]
    ) -> GroupView:
        """Make a group of your own, once for each key."""
        return _view(*await service.make(request.resources, request.caller, data, key=idempotency_key))

    @put("/groups/{group_id:uuid}", status_code=HTTP_204_NO_CONTENT, responses=WRITE)
    async def rename(self, request: AppRequest, group_id: FromPath[UUID], data: JSONBody[NameIn]) -> None:
        """Give your group another name."""
        await service.rename(request.resources, request.caller, data.name, group_id=group_id)

    @delete("/groups/{group_id:uuid}", responses=READ)
    async def remove(self, request: AppRequest, group_id: FromPath[UUID]) -> None:
        """Remove your group, for all who are in it."""
        await service.delete(request.resources, request.caller, group_id=group_id)

    @put("/groups/{group_id:uuid}/nickname", status_code=HTTP_204_NO_CONTENT, responses=WRITE)
    async def call_me(
        self, request: AppRequest, group_id: FromPath[UUID], data: JSONBody[NicknameIn]
    ) -> None:
        """Choose another nickname."""
        await service.call_me(request.resources, request.caller, data.nickname, group_id=group_id)

    @delete("/groups/{group_id:uuid}/members/{member_id:uuid}", responses=READ)
    async def remove_member(
        self, request: AppRequest, group_id: FromPath[UUID], member_id: FromPath[UUID]
    ) -> None:
        """Leave a group, or remove somebody from yours; its codes are good no more then.

        A group that its owner leaves goes to whoever came first of those who stay.
        """
        await service.remove(request.resources, request.caller, group_id=group_id, member_id=member_id)

    @post("/groups/{group_id:uuid}/invitations", responses=WRITE)
    async def invite(
        self,
        request: AppRequest,
        group_id: FromPath[UUID],
        idempotency_key: IdempotencyKey,
        data: JSONBody[NewInvitation],
    ) -> InvitedView:
        """Make a code by which others join your group, once for each key."""
        made = await inviting.invite(
            request.resources, request.caller, data, group_id=group_id, key=idempotency_key
        )
        return InvitedView(code=made.code, uses=made.uses, expires_at=to_datetime(made.expires_ms))

    @delete("/groups/{group_id:uuid}/invitations", responses=READ)
    async def withdraw(self, request: AppRequest, group_id: FromPath[UUID]) -> None:
        """Let no code of your group be good any more."""
        await inviting.withdraw(request.resources, request.caller, group_id=group_id)

    @post("/group-codes/join", status_code=HTTP_200_OK, responses=WRITE)
    async def join(self, request: AppRequest, data: JSONBody[JoinIn]) -> GroupView:
        """Join a group. Who is in it already gets it as it is, and the code stays good for others."""
        return _view(*await inviting.join(request.resources, request.caller, data.code, data.nickname))


def _view(me: UUID, group: Group) -> GroupView:
    members = tuple(
        MemberView(
            id=each.member_id,
            nickname=each.nickname,
            is_me=each.player_id == me,
            is_owner=each.player_id == group.owner_id,
            joined_at=to_datetime(each.joined_ms),
        )
        for each in group.members
    )
    return GroupView(id=group.group_id, name=group.name, members=members)
