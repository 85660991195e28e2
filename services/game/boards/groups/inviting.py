"""Codes by which others join a group: made by its owner, good for some members and for some time."""

from uuid import UUID

import msgspec

from game.auth import Caller
from game.boards.groups import store
from game.boards.groups.rules import (
    DAY_MS,
    Group,
    Member,
    NewInvitation,
    check_groups,
    check_invitations,
    check_owner,
    check_room,
    check_text,
    mismatch,
    no_such_code,
)
from game.boards.groups.service import Table, table
from game.boards.groups.store import Invitation
from game.db.connection import Connection
from game.passcodes import CODE_BYTES, digest_of, new_code
from game.players import lock_player, player_id_of
from game.resources import Resources


class Invited(msgspec.Struct, frozen=True, kw_only=True):
    """A code that others join a group with, for its owner's eyes alone."""

    code: str
    uses: int
    expires_ms: int


async def invite(
    resources: Resources, caller: Caller, asked: NewInvitation, *, group_id: UUID, key: str
) -> Invited:
    """Make a code; the same key answers with the same. NotFound, Forbidden `not_the_owner`, Exhausted."""
    async with table(resources, caller, group_id) as at:
        check_owner(at.group, at.player_id)
        before = await store.find_invitation(at.conn, brand_id=at.brand_id, group_id=group_id, key=key)
        if before is not None:
            return _again(resources, before, asked, at)
        now_ms = resources.clock()
        check_invitations(
            await store.open_invitations(at.conn, brand_id=at.brand_id, group_id=group_id, now_ms=now_ms)
        )
        return await _add(resources, asked, at, key=key, now_ms=now_ms)


async def withdraw(resources: Resources, caller: Caller, *, group_id: UUID) -> None:
    """Let no code of a group be good any more. NotFound, Forbidden `not_the_owner`."""
    async with table(resources, caller, group_id) as at:
        check_owner(at.group, at.player_id)
        await store.withdraw_invitations(at.conn, brand_id=at.brand_id, group_id=group_id)


async def join(resources: Resources, caller: Caller, code: str, nickname: str) -> tuple[UUID, Group]:
    """Join the group of a code; the caller's id and the group. Who is in it already just gets it.

    NotFound for every code that is not good. Exhausted `group_full`, `too_many_groups`.
    """
    check_text("$.nickname", nickname)
    player_id, brand_id = await player_id_of(resources, caller), caller.brand_id
    if (digest := digest_of(code)) is None:
        raise no_such_code()
    async with resources.pool.acquire() as conn, conn.transaction():
        await lock_player(conn, player_id)
        group = await _group_of(conn, digest, brand_id=brand_id)
        if any(each.player_id == player_id for each in group.members):
            return player_id, group
        now_ms = resources.clock()
        if not await store.use_invitation(
            conn, brand_id=brand_id, group_id=group.group_id, code_digest=digest, now_ms=now_ms
        ):
            raise no_such_code()
        check_room(group)
        check_groups(await store.count_groups(conn, player_id=player_id))
        member = Member(
            member_id=resources.new_id(), player_id=player_id, nickname=nickname, joined_ms=now_ms
        )
        await store.add_member(conn, member, brand_id=brand_id, group_id=group.group_id)
    return player_id, msgspec.structs.replace(group, members=(*group.members, member))


async def _group_of(conn: Connection, digest: bytes, *, brand_id: str) -> Group:
    """The group of a code, locked."""
    group_id = await store.group_of_code(conn, brand_id=brand_id, code_digest=digest)
    if group_id is None:
        raise no_such_code()
    group = await store.find_group(conn, brand_id=brand_id, group_id=group_id, lock=True)
    if group is None:
        raise no_such_code()
    return group


async def _add(resources: Resources, asked: NewInvitation, at: Table, *, key: str, now_ms: int) -> Invited:
    code, invitation_id = new_code(resources.entropy(CODE_BYTES)), resources.new_id()
    digest = digest_of(code)
    assert digest is not None, "what is made here can be read here"
    new = Invitation(
        invitation_id=invitation_id,
        asked=asked,
        code_sealed=resources.seal(
            code.encode(), code_purpose(at.brand_id, at.group.group_id, invitation_id)
        ),
        expires_ms=now_ms + asked.days * DAY_MS,
    )
    await store.add_invitation(
        at.conn, new, brand_id=at.brand_id, group_id=at.group.group_id, key=key, code_digest=digest
    )
    return Invited(code=code, uses=asked.uses, expires_ms=new.expires_ms)


def _again(resources: Resources, before: Invitation, asked: NewInvitation, at: Table) -> Invited:
    if before.asked != asked:
        raise mismatch()
    purpose = code_purpose(at.brand_id, at.group.group_id, before.invitation_id)
    code = resources.vault.open(before.code_sealed, purpose=purpose).decode()
    return Invited(code=code, uses=asked.uses, expires_ms=before.expires_ms)


def code_purpose(brand_id: str, group_id: UUID, invitation_id: UUID) -> str:
    """What the sealed code of an invitation is bound to."""
    return f"group:{brand_id}:{group_id.hex}:{invitation_id.hex}"
