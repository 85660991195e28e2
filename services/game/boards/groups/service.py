"""What players do in groups: make, rename, leave and delete them, and see who is in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from game.auth import Caller
from game.boards.groups import store
from game.boards.groups.rules import (
    Group,
    Member,
    NewGroup,
    check_groups,
    check_owner,
    check_removal,
    check_text,
    heir_of,
    mismatch,
    no_such_group,
)
from game.db.connection import Connection
from game.players import lock_player, player_id_of
from game.resources import Resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A transaction in which a player of a brand works on a group that is locked."""

    conn: Connection
    brand_id: str
    player_id: UUID
    group: Group


async def members_of(
    conn: Connection, *, brand_id: str, group_id: UUID, player_id: UUID
) -> tuple[Member, ...]:
    """The members of a player's group, in the order in which they came. NotFound for whoever is not in it."""
    found = await store.find_group(conn, brand_id=brand_id, group_id=group_id, lock=False)
    if found is None:
        raise no_such_group()
    found.member_of(player_id)
    return found.members


async def my_groups(resources: Resources, caller: Caller) -> tuple[UUID, list[Group]]:
    """The caller's id, and the groups that the caller is in."""
    player_id = await player_id_of(resources, caller)
    async with resources.pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        return player_id, await store.groups_of(conn, brand_id=caller.brand_id, player_id=player_id)


async def make(resources: Resources, caller: Caller, asked: NewGroup, *, key: str) -> tuple[UUID, Group]:
    """Make a group of one, whose owner the caller is; the caller's id and the group, once for each key."""
    check_text("$.name", asked.name)
    check_text("$.nickname", asked.nickname)
    player_id, brand_id = await player_id_of(resources, caller), caller.brand_id
    async with resources.pool.acquire() as conn, conn.transaction():
        await lock_player(conn, player_id)
        before = await store.find_by_key(conn, brand_id=brand_id, player_id=player_id, key=key)
        if before is not None:
            return player_id, await _again(conn, before, asked, brand_id=brand_id, player_id=player_id)
        check_groups(await store.count_groups(conn, player_id=player_id))
        group = _new(resources, asked, player_id)
        await store.add_group(
            conn, group, asked, brand_id=brand_id, key=key, now_ms=group.members[0].joined_ms
        )
    return player_id, group


async def rename(resources: Resources, caller: Caller, name: str, *, group_id: UUID) -> None:
    """Give a group another name. NotFound, Forbidden `not_the_owner`."""
    check_text("$.name", name)
    async with table(resources, caller, group_id) as at:
        check_owner(at.group, at.player_id)
        await store.rename_group(at.conn, name, brand_id=at.brand_id, group_id=group_id)


async def call_me(resources: Resources, caller: Caller, nickname: str, *, group_id: UUID) -> None:
    """Choose another nickname in a group. NotFound."""
    check_text("$.nickname", nickname)
    async with table(resources, caller, group_id) as at:
        me = at.group.member_of(at.player_id)
        await store.rename_member(
            at.conn, nickname, brand_id=at.brand_id, group_id=group_id, member_id=me.member_id
        )


async def remove(resources: Resources, caller: Caller, *, group_id: UUID, member_id: UUID) -> None:
    """Leave a group, or remove a member from one's own. NotFound, Forbidden `not_the_owner`.

    Who was there first inherits the group of an owner who leaves; nobody's group is deleted. Codes are
    withdrawn when somebody is removed, who may know them.
    """
    async with table(resources, caller, group_id) as at:
        leaving = check_removal(at.group, at.player_id, member_id)
        owner_id = heir_of(at.group, leaving)
        if owner_id is None:
            await store.delete_group(at.conn, brand_id=at.brand_id, group_id=group_id)
            return
        await store.remove_member(
            at.conn, brand_id=at.brand_id, group_id=group_id, member_id=member_id, owner_id=owner_id
        )
        if leaving.player_id != at.player_id:
            await store.withdraw_invitations(at.conn, brand_id=at.brand_id, group_id=group_id)


async def delete(resources: Resources, caller: Caller, *, group_id: UUID) -> None:
    """Remove a group, its members and its codes. NotFound, Forbidden `not_the_owner`."""
    async with table(resources, caller, group_id) as at:
        check_owner(at.group, at.player_id)
        await store.delete_group(at.conn, brand_id=at.brand_id, group_id=group_id)


@asynccontextmanager
async def table(resources: Resources, caller: Caller, group_id: UUID) -> AsyncIterator[Table]:
    """Lock a group of the caller's brand for a transaction. NotFound, also for whoever is not in it."""
    player_id, brand_id = await player_id_of(resources, caller), caller.brand_id
    async with resources.pool.acquire() as conn, conn.transaction():
        group = await store.find_group(conn, brand_id=brand_id, group_id=group_id, lock=True)
        if group is None:
            raise no_such_group()
        group.member_of(player_id)
        yield Table(conn=conn, brand_id=brand_id, player_id=player_id, group=group)


def _new(resources: Resources, asked: NewGroup, player_id: UUID) -> Group:
    maker = Member(
        member_id=resources.new_id(),
        player_id=player_id,
        nickname=asked.nickname,
        joined_ms=resources.clock(),
    )
    return Group(group_id=resources.new_id(), name=asked.name, owner_id=player_id, members=(maker,))


async def _again(
    conn: Connection, before: tuple[UUID, NewGroup | None], asked: NewGroup, *, brand_id: str, player_id: UUID
) -> Group:
    """The group as it is now. NotFound once its maker has left it."""
    group_id, asked_before = before
    if asked_before not in (asked, None):
        raise mismatch()
    group = await store.find_group(conn, brand_id=brand_id, group_id=group_id, lock=False)
    assert group is not None, "a group is removed with its key"
    group.member_of(player_id)
    return group
