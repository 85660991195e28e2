"""Who may do what in a group, who inherits it, and how much of it there may be."""

from functools import partial
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.boards.groups.rules import (
    GROUPS_MAX,
    INVITATIONS_MAX,
    MEMBERS_MAX,
    Group,
    Member,
    check_groups,
    check_invitations,
    check_owner,
    check_removal,
    check_room,
    check_text,
    heir_of,
    mismatch,
    no_such_code,
)
from game.errors import Exhausted, Forbidden, Invalid, NotFound


def group_of(size: int, owner: int = 0) -> Group:
    """Members in the order in which they came, whose ids are their places."""
    members = tuple(
        Member(member_id=UUID(int=100 + nth), player_id=UUID(int=nth), nickname="x", joined_ms=nth)
        for nth in range(size)
    )
    return Group(group_id=UUID(int=1), name="x", owner_id=UUID(int=owner), members=members)


@given(st.integers(1, 6).flatmap(lambda size: st.tuples(st.just(size), *[st.integers(0, size - 1)] * 2)))
def test_the_owner_stays_or_the_first_of_those_who_do_inherits(places: tuple[int, int, int]) -> None:
    """Whoever leaves, somebody who stays owns the group, unless nobody stays."""
    size, owner, leaving = places
    group = group_of(size, owner)
    stay = [each.player_id for each in group.members if each != group.members[leaving]]
    heir = heir_of(group, group.members[leaving])
    assert heir == (None if not stay else group.owner_id if leaving != owner else stay[0])


@pytest.mark.parametrize(
    ("player", "member", "refused"),
    [(0, 2, None), (2, 2, None), (1, 2, Forbidden), (9, 2, NotFound), (0, 9, NotFound)],
)
def test_who_removes_whom(player: int, member: int, refused: type[Exception] | None) -> None:
    """The owner anybody, others themselves; strangers find no group, and nobody finds who is not in it."""
    asked = (group_of(3), UUID(int=player), UUID(int=100 + member))
    if refused is None:
        assert check_removal(*asked) == group_of(3).members[member]
        return
    with pytest.raises(refused):
        check_removal(*asked)


def test_who_owns_a_group() -> None:
    """To others it is not theirs, or not there."""
    check_owner(group_of(2), UUID(int=0))
    for player, refused in ((1, Forbidden), (9, NotFound)):
        with pytest.raises(refused):
            check_owner(group_of(2), UUID(int=player))


def test_how_much_there_may_be() -> None:
    """One more is refused with the numbers."""
    check_room(group_of(MEMBERS_MAX - 1))
    check_groups(GROUPS_MAX - 1)
    check_invitations(INVITATIONS_MAX - 1)
    for check, code, limit in (
        (partial(check_room, group_of(MEMBERS_MAX)), "group_full", MEMBERS_MAX),
        (partial(check_groups, GROUPS_MAX), "too_many_groups", GROUPS_MAX),
        (partial(check_invitations, INVITATIONS_MAX), "too_many_invitations", INVITATIONS_MAX),
    ):
        with pytest.raises(Exhausted) as refused:
            check()
        assert (refused.value.code, refused.value.numbers["limit"]) == (code, limit)


@pytest.mark.parametrize("text", ["妈妈", "Mum & Dad", "👨", "é"])
def test_names_that_can_be_shown(text: str) -> None:
    """Any script, blanks within."""
    check_text("$.name", text)


@pytest.mark.parametrize("text", [" a", "a ", "a\n", "\u202ea", "\u200b", "\u3000a", "\x00"])
def test_names_that_cannot(text: str) -> None:
    """What nobody sees, or what turns the line round."""
    with pytest.raises(Invalid) as refused:
        check_text("$.name", text)
    assert refused.value.numbers["field"] == "$.name"


def test_refusals_that_name_nothing() -> None:
    """Their codes are stable."""
    assert (mismatch().code, no_such_code().code) == ("idempotency_mismatch", "code_not_found")
