"""The rows of groups, their members and codes."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from game.boards.groups.rules import GROUPS_MAX, MEMBERS_MAX, Group, Member, NewGroup, NewInvitation
from game.db.connection import Connection
from game.db.statements import load

# More than there can be, so that none is left out.
LISTED_MAX: Final = GROUPS_MAX * MEMBERS_MAX

_asked: msgspec.json.Decoder[NewGroup | None] = msgspec.json.Decoder(NewGroup | None)
_SQL = load("game.boards.groups")


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """A code of a group, sealed, and what was asked for."""

    invitation_id: UUID
    asked: NewInvitation
    code_sealed: bytes
    expires_ms: int


async def find_group(conn: Connection, *, brand_id: str, group_id: UUID, lock: bool) -> Group | None:
    """A group, for nobody else until the transaction ends if it is locked; None: there is none."""
    row = await conn.fetchrow(_SQL.lock_group if lock else _SQL.find_group, brand_id, group_id)
    if row is None:
        return None
    return (await _with_members(conn, [row], brand_id=brand_id))[0]


async def groups_of(conn: Connection, *, brand_id: str, player_id: UUID) -> list[Group]:
    """The groups of a player."""
    rows = await conn.fetch(_SQL.groups_of, brand_id, player_id, GROUPS_MAX)
    return await _with_members(conn, rows, brand_id=brand_id)


async def find_by_key(
    conn: Connection, *, brand_id: str, player_id: UUID, key: str
) -> tuple[UUID, NewGroup | None] | None:
    """The group that a key has made, and what was asked for, until its maker left; None: it is new."""
    row = await conn.fetchrow(_SQL.find_by_key, brand_id, player_id, key)
    return None if row is None else (row["group_id"], _asked.decode(row["asked"]))


async def count_groups(conn: Connection, *, player_id: UUID) -> int:
    """In how many groups a locked player is."""
    return int(await conn.fetchval(_SQL.count_groups, player_id))


async def add_group(
    conn: Connection, group: Group, asked: NewGroup, *, brand_id: str, key: str, now_ms: int
) -> None:
    """Store a group with its members."""
    encoded = msgspec.json.encode(asked).decode()
    await conn.execute(
        _SQL.add_group, brand_id, group.group_id, group.name, group.owner_id, key, encoded, now_ms
    )
    for member in group.members:
        await add_member(conn, member, brand_id=brand_id, group_id=group.group_id)


async def add_member(conn: Connection, member: Member, *, brand_id: str, group_id: UUID) -> None:
    """Store a member of a locked group."""
    fields = (member.member_id, member.player_id, member.nickname, member.joined_ms)
    await conn.execute(_SQL.add_member, brand_id, group_id, *fields)


async def rename_group(conn: Connection, name: str, *, brand_id: str, group_id: UUID) -> None:
    """Give a locked group another name."""
    await conn.execute(_SQL.rename_group, brand_id, group_id, name)


async def rename_member(
    conn: Connection, nickname: str, *, brand_id: str, group_id: UUID, member_id: UUID
) -> None:
    """Give a member of a locked group another nickname."""
    await conn.execute(_SQL.rename_member, brand_id, group_id, member_id, nickname)


async def remove_member(
    conn: Connection, *, brand_id: str, group_id: UUID, member_id: UUID, owner_id: UUID
) -> None:
    """Remove a member of a locked group, which `owner_id` owns from now on."""
    await conn.execute(_SQL.remove_member, brand_id, group_id, member_id, owner_id)


async def delete_group(conn: Connection, *, brand_id: str, group_id: UUID) -> None:
    """Remove a locked group, its members and its codes."""
    await conn.execute(_SQL.delete_group, brand_id, group_id)


async def group_of_code(conn: Connection, *, brand_id: str, code_digest: bytes) -> UUID | None:
    """The group that a code is of; None: there is no such code."""
    found: UUID | None = await conn.fetchval(_SQL.group_of_code, brand_id, code_digest)
    return found


async def find_invitation(conn: Connection, *, brand_id: str, group_id: UUID, key: str) -> Invitation | None:
    """What a key has made; None: it is new."""
    row = await conn.fetchrow(_SQL.find_invitation, brand_id, group_id, key)
    if row is None:
        return None
    fields = dict(row)
    asked = msgspec.json.decode(fields.pop("asked"), type=NewInvitation)
    return Invitation(**fields, asked=asked)


async def open_invitations(conn: Connection, *, brand_id: str, group_id: UUID, now_ms: int) -> int:
    """How many codes of a locked group are good; others are removed."""
    await conn.execute(_SQL.forget_invitations, brand_id, group_id, now_ms)
    return int(await conn.fetchval(_SQL.count_invitations, brand_id, group_id))


async def add_invitation(
    conn: Connection, new: Invitation, *, brand_id: str, group_id: UUID, key: str, code_digest: bytes
) -> None:
    """Store a code of a locked group."""
    encoded = msgspec.json.encode(new.asked).decode()
    await conn.execute(
        _SQL.add_invitation, brand_id, group_id, new.invitation_id, key, encoded, code_digest,
        new.code_sealed, new.asked.uses, new.expires_ms,
    )  # fmt: skip


async def use_invitation(
    conn: Connection, *, brand_id: str, group_id: UUID, code_digest: bytes, now_ms: int
) -> bool:
    """Use a code of a locked group once; False: it is not good any more."""
    used = await conn.fetchval(_SQL.use_invitation, brand_id, group_id, code_digest, now_ms)
    return used is not None


async def withdraw_invitations(conn: Connection, *, brand_id: str, group_id: UUID) -> None:
    """Let no code of a locked group be good any more."""
    await conn.execute(_SQL.withdraw_invitations, brand_id, group_id)


async def _with_members(conn: Connection, rows: Sequence[Any], *, brand_id: str) -> list[Group]:
    members: defaultdict[UUID, list[Member]] = defaultdict(list)
    ids = [row["group_id"] for row in rows]
    for row in await conn.fetch(_SQL.members_of, brand_id, ids, LISTED_MAX):
        fields = dict(row)
        members[fields.pop("group_id")].append(Member(**fields))
    return [Group(**row, members=tuple(members[row["group_id"]])) for row in rows]
