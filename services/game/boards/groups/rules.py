"""What a group may be called, who may do what in it, and how many there are. Pure."""

from typing import Annotated, Final
from uuid import UUID

import msgspec

from game.errors import Exhausted, Forbidden, Invalid, NotFound

NAME_MAX: Final = 30
NICKNAME_MAX: Final = 20
GROUPS_MAX: Final = 10
MEMBERS_MAX: Final = 50
INVITATIONS_MAX: Final = 5
DAYS_MAX: Final = 30
DAY_MS: Final = 86_400_000

GroupName = Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_MAX)]
Nickname = Annotated[str, msgspec.Meta(min_length=1, max_length=NICKNAME_MAX)]


class NewGroup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a group is called, and its maker in it."""

    name: GroupName
    nickname: Nickname


class NewInvitation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For how many new members a code is good, and for how long."""

    uses: Annotated[int, msgspec.Meta(ge=1, le=MEMBERS_MAX)] = 1
    days: Annotated[int, msgspec.Meta(ge=1, le=DAYS_MAX)] = 7


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A player in a group, under a nickname of their own choice."""

    member_id: UUID
    player_id: UUID
    nickname: str
    joined_ms: int


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """A group, with its members in the order in which they came."""

    group_id: UUID
    name: str
    owner_id: UUID
    members: tuple[Member, ...]

    def member_of(self, player_id: UUID) -> Member:
        """A player in it. NotFound: to others it is not there."""
        for member in self.members:
            if member.player_id == player_id:
                return member
        raise no_such_group()


def check_text(field: str, text: str) -> None:
    """Raise Invalid unless a name can be shown to others: printable, and no blanks around it."""
    if not text.isprintable() or text != text.strip():
        raise Invalid(
            "rule_broken",
            f"{field}: printable characters, no blanks around them",
            field=field,
            rule="printable characters, no blanks around them",
        )


def check_owner(group: Group, player_id: UUID) -> None:
    """Raise unless the player owns the group: NotFound for strangers, Forbidden for members."""
    group.member_of(player_id)
    if group.owner_id != player_id:
        raise not_the_owner()


def check_removal(group: Group, player_id: UUID, member_id: UUID) -> Member:
    """The member that a player may remove: anybody of the owner's group, else themselves."""
    me = group.member_of(player_id)
    found = next((each for each in group.members if each.member_id == member_id), None)
    if found is None:
        raise NotFound("member_not_found", "The group has no such member.")
    if found != me and group.owner_id != player_id:
        raise not_the_owner()
    return found


def heir_of(group: Group, leaving: Member) -> UUID | None:
    """Who owns the group once a member has left: the owner still, else who was there first; None: nobody."""
    stay = [each.player_id for each in group.members if each != leaving]
    return group.owner_id if group.owner_id in stay else next(iter(stay), None)


def check_room(group: Group) -> None:
    """Raise Exhausted where a group has all the members that it can have."""
    if len(group.members) >= MEMBERS_MAX:
        raise Exhausted("group_full", f"A group has at most {MEMBERS_MAX} members.", limit=MEMBERS_MAX)


def check_groups(count: int) -> None:
    """Raise Exhausted for who is in so many groups already."""
    if count >= GROUPS_MAX:
        raise Exhausted("too_many_groups", f"At most {GROUPS_MAX} groups each.", limit=GROUPS_MAX, used=count)


def check_invitations(count: int) -> None:
    """Raise Exhausted where so many codes of a group are open already."""
    if count >= INVITATIONS_MAX:
        raise Exhausted("too_many_invitations", "So many codes are open.", limit=INVITATIONS_MAX, used=count)


def not_the_owner() -> Forbidden:
    """Only the owner of a group does this."""
    return Forbidden("not_the_owner", "Only the owner of the group may do this.")


def no_such_group() -> NotFound:
    """The one answer for a group that is not there, not of the brand, or not the player's."""
    return NotFound("group_not_found", "There is no such group of yours.")


def no_such_code() -> NotFound:
    """The one answer for a code that is wrong, used up, expired, withdrawn, or of another brand."""
    return NotFound("code_not_found", "There is no such code, or it is not good any more.")


def mismatch() -> Invalid:
    """The key was used for something else."""
    return Invalid("idempotency_mismatch", "This Idempotency-Key was used with another request body.")
